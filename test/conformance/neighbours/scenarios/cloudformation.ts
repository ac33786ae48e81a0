import type { Answer } from '../../kit/stage.ts';
import { cloudformationApiScenarios } from './cloudformation-apis.ts';
import { each, type Scenario, type Scenarios, type Scene, type Service } from '../kit/stage.ts';

const StackName = 'stack';
const ChangeSetName = 'change-set';
const text = (template: object): string => JSON.stringify(template);
const topic = (properties: object = {}): object => ({ Type: 'AWS::SNS::Topic', Properties: properties });
const parameter = (properties: object = {}): object => ({
  Type: 'AWS::SSM::Parameter',
  Properties: { Type: 'String', Value: 'value', ...properties },
});
const withTopic = (properties: object = {}): string => text({ Resources: { topic123: topic(properties) } });
const capabilities = ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND'];

const stacks = (scene: Scene): Service => scene.service('cloudformation');

/** One refusal by itself. */
const refused =
  (
    name: string,
    operation: string,
    input: object,
    before: (cloudformation: Service) => Promise<unknown> = () => Promise.resolve(),
  ): Scenario =>
  async (scene) => {
    await before(stacks(scene));
    await stacks(scene).check(name, operation, input);
  };
const badTemplate = (name: string, template: object): Scenario =>
  refused(name, 'CreateStack', { StackName, TemplateBody: text(template) });

/** The message as boto3 throws it. */
const thrown = ({ Error: error }: Answer, operation: string): string => {
  const { Code, Message } = error as { readonly Code: string; readonly Message: string };
  return `An error occurred (${Code}) when calling the ${operation} operation: ${Message}`;
};

const create = (cloudformation: Service, TemplateBody: string, more: object = {}): Promise<Answer> =>
  cloudformation.ok('CreateStack', { StackName, TemplateBody, ...more });
const described = async (cloudformation: Service, name = StackName): Promise<Answer | undefined> =>
  ((await cloudformation.call('DescribeStacks', { StackName: name }))['Stacks'] as Answer[] | undefined)?.[0];
/** A change set, carried out; the stack that it made. */
const deployed = async (cloudformation: Service, TemplateBody: string, more: object = {}): Promise<Answer | undefined> => {
  const { Id } = await cloudformation.ok('CreateChangeSet', {
    StackName,
    ChangeSetName,
    ChangeSetType: 'CREATE',
    TemplateBody,
    ...more,
  });
  await cloudformation.ok('ExecuteChangeSet', { ChangeSetName: Id });
  return described(cloudformation);
};

/** What JSON texts hold, where the recording has been read so. */
const read = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(read);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      /^(Before|After)Context$|^StackPolicyBody$/.test(name) && typeof item === 'string'
        ? (JSON.parse(item) as unknown)
        : read(item),
    ]),
  );
};
const compare = (scene: Scene, name: string, answer: unknown): void => scene.match(name, read(answer));

/** Two templates, one after the other, each looked at with and without values before it is carried out. */
const captured =
  (first: string, second: string, options: { readonly first?: object; readonly second?: object } = {}): Scenario =>
  async (scene) => {
    const cloudformation = stacks(scene);
    for (const [number, TemplateBody, more] of [
      [1, first, options.first ?? {}],
      [2, second, options.second ?? {}],
    ] as const) {
      const created = await cloudformation.check(`create-change-set-${number}`, 'CreateChangeSet', {
        StackName,
        ChangeSetName,
        ChangeSetType: number === 1 ? 'CREATE' : 'UPDATE',
        TemplateBody,
        ...more,
      });
      const at = { ChangeSetName: created['Id'] };
      compare(
        scene,
        `describe-change-set-${number}-prop-values`,
        await cloudformation.call('DescribeChangeSet', { ...at, IncludePropertyValues: true }),
      );
      await cloudformation.check(`describe-change-set-${number}`, 'DescribeChangeSet', at);
      await cloudformation.check(`execute-change-set-${number}`, 'ExecuteChangeSet', at);
      scene.match(`post-create-${number}-describe`, await described(cloudformation));
    }
    const { StackId = '' } = (await described(cloudformation)) as { StackId?: string };
    const events: Answer[] = [];
    await cloudformation.ok('DeleteStack', { StackName });
    scene.match('delete-describe', await described(cloudformation, StackId));
    for (let NextToken: unknown; ;) {
      const page = await cloudformation.ok('DescribeStackEvents', {
        StackName: StackId,
        ...(NextToken === undefined ? {} : { NextToken }),
      });
      events.push(...(page['StackEvents'] as Answer[]));
      NextToken = page['NextToken'];
      if (NextToken === undefined) break;
    }
    scene.match('per-resource-events', byResource(events.toReversed()));
  };

/** What became of each resource, as far as something stood for it. */
function byResource(events: readonly Answer[]): Readonly<Record<string, Answer[]>> {
  const groups: Record<string, Answer[]> = {};
  for (const { LogicalResourceId, PhysicalResourceId, ResourceStatus, ResourceStatusReason, ResourceType, Timestamp } of events) {
    if (PhysicalResourceId === '' || String(ResourceStatus).includes('CLEANUP')) continue;
    if (String(ResourceStatusReason).startsWith('Requested update requires')) continue;
    const key = ResourceType === 'AWS::CloudFormation::Stack' ? 'Stack' : String(LogicalResourceId);
    (groups[key] ??= []).push({ LogicalResourceId, PhysicalResourceId, ResourceStatus, ResourceType, Timestamp });
  }
  return groups;
}

/** One parameter. */
const given = (ParameterKey: string, ParameterValue: string) => ({ Parameters: [{ ParameterKey, ParameterValue }] });

export const cloudformationScenarios: Scenarios = {
  ...cloudformationApiScenarios,
  'test_invalid_output_structure[missing-def]': badTemplate('validation-error', {
    Resources: { A: topic() },
    Outputs: { MyOutput: {} },
  }),
  test_missing_resources_block: badTemplate('validation-error', { Outputs: {} }),
  ...each('test_resources_blocks', { 'missing-type': { A: {} }, 'invalid-key': { A: { ...topic(), Invalid: 1 } } }, (Resources) =>
    badTemplate('validation-error', { Resources }),
  ),
  test_linting_error_during_creation: badTemplate('error', { Resources: { A: 'b' } }),
  'TestChangeSetConditions.test_missing_condition': badTemplate('error', {
    Resources: { A: topic({ DisplayName: { 'Fn::If': ['MissingCondition', 'a', 'b'] } }) },
  }),
  ...each(
    'TestChangeSetFnSelect.test_invalid_select_index_type',
    { 'non-integer-index': 'a', 'index-out-of-range': 5 },
    (index) => badTemplate('error', { Resources: { A: topic({ DisplayName: { 'Fn::Select': [index, ['a', 'b']] } }) } }),
  ),
  'TestSplitValidations.test_validate_split_arguments_len': badTemplate('validation', {
    Resources: { A: topic({ DisplayName: { 'Fn::Join': ['', { 'Fn::Split': ['-'] }] } }) },
  }),
  test_useful_error_when_invalid_ref: badTemplate('validation_error', {
    Resources: { A: topic({ DisplayName: { Ref: 'InvalidRef' } }) },
  }),
  'TestCloudFormationMappings.test_mapping_with_invalid_refs': badTemplate('mapping_invalid_ref_exc', {
    Mappings: { A: { b: { c: { Ref: 'AWS::Region' } } } },
    Resources: { A: topic() },
  }),
  'TestCloudFormationMappings.test_mapping_minimum_nesting_depth': badTemplate('mapping_minimum_level_exc', {
    Mappings: { A: 'b' },
    Resources: { B: topic() },
  }),
  'TestCloudFormationConditions.test_dependent_ref': badTemplate('dependent_ref_exc', {
    Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } },
    Resources: { MyTopic: { ...topic(), Condition: 'Never' }, Name: parameter({ Value: { Ref: 'MyTopic' } }) },
  }),
  'TestCloudFormationConditions.test_output_reference_to_skipped_resource': badTemplate(
    'unresolved_resource_reference_exception',
    {
      Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } },
      Resources: { MyTopic: { ...topic(), Condition: 'Never' }, Name: parameter() },
      Outputs: { Topic: { Value: { Ref: 'MyTopic' } } },
    },
  ),

  test_describe_stack_events_errors: refused('describe_stack_events_stack_not_found', 'DescribeStackEvents', {
    StackName: 'does-not-exist',
  }),
  test_stack_resource_not_found: refused(
    'Error',
    'DescribeStackResource',
    { StackName, LogicalResourceId: 'NonExistentResource' },
    (cloudformation) => create(cloudformation, withTopic()),
  ),
  test_describe_non_existent_stack: async (scene) => {
    const answer = await stacks(scene).call('DescribeStackResource', { StackName: 'not-a-valid-stack', LogicalResourceId: 'a' });
    scene.match('error', thrown(answer, 'DescribeStackResource'));
  },
  test_describe_change_set_nonexisting: async (scene) => {
    const answer = await stacks(scene).call('DescribeChangeSet', { StackName: 'somestack', ChangeSetName: 'a' });
    scene.match('exception', thrown(answer, 'DescribeChangeSet'));
  },
  test_delete_change_set_exception: async (scene) => {
    await stacks(scene).check('e1', 'DeleteChangeSet', { StackName: 'nostack', ChangeSetName: 'a' });
    await stacks(scene).check('e2', 'DeleteChangeSet', { ChangeSetName: 'a' });
  },
  test_create_change_set_no_changes: async (scene) => {
    await deployed(stacks(scene), withTopic());
    const input = { StackName, ChangeSetName: 'again', ChangeSetType: 'UPDATE', TemplateBody: withTopic() };
    const { Id } = await stacks(scene).ok('CreateChangeSet', input);
    await stacks(scene).check('change-set-description', 'DescribeChangeSet', { ChangeSetName: Id });
  },
  test_list_change_sets: async (scene) => {
    await stacks(scene).ok('CreateChangeSet', { StackName, ChangeSetName, ChangeSetType: 'CREATE', TemplateBody: withTopic() });
    await stacks(scene).check('change-sets', 'ListChangeSets', { StackName });
  },

  'TestStacksApi.test_stack_name_creation': refused('stack_response', 'CreateStack', {
    StackName: '*@da591fa3_$',
    TemplateBody: withTopic(),
  }),
  'TestStacksApi.test_create_stack_url_as_template': async (scene) => {
    const answer = await stacks(scene).call('CreateStack', {
      StackName,
      TemplateBody: 'https://here.s3.amazonaws.com/template.yaml',
    });
    scene.match('stack_create_ec2', thrown(answer, 'CreateStack'));
  },
  ...each(
    'TestStacksApi.test_get_template_using_create_stack',
    {
      json: text({
        Resources: { topic69831491: { Type: 'AWS::SNS::Topic' } },
        Outputs: { TopicName: { Value: { 'Fn::GetAtt': ['topic69831491', 'TopicName'] } } },
      }),
    },
    (TemplateBody) => async (scene) => {
      await create(stacks(scene), TemplateBody);
      await stacks(scene).check('template_original', 'GetTemplate', { StackName });
      await stacks(scene).check('template_processed', 'GetTemplate', { StackName, TemplateStage: 'Processed' });
    },
  ),
  ...each('TestStacksApi.test_get_template_using_changesets', { yaml: null }, () => async (scene) => {
    const { TemplateBody = '' } = scene.recorded('template_original') as { TemplateBody?: string };
    await deployed(stacks(scene), TemplateBody);
    await stacks(scene).check('template_original', 'GetTemplate', { StackName });
    await stacks(scene).check('template_processed', 'GetTemplate', { StackName, TemplateStage: 'Processed' });
  }),
  'TestStacksApi.test_stack_description_lifecycle[no-tags]': async (scene) => {
    const TemplateBody = text({ Description: 'test <env>.test.net', Resources: { TestResource: parameter() } });
    const { Id } = await stacks(scene).ok('CreateChangeSet', { StackName, ChangeSetName, ChangeSetType: 'CREATE', TemplateBody });
    await stacks(scene).check('change-set-pre-execute', 'DescribeChangeSet', { ChangeSetName: Id });
    scene.match('stack-pre-execute', await described(stacks(scene)));
    await stacks(scene).ok('ExecuteChangeSet', { ChangeSetName: Id });
    scene.match('stack-post-execute', await described(stacks(scene)));
  },

  test_validate_invalid_json_template_should_fail: refused('validate-invalid-json', 'ValidateTemplate', {
    TemplateBody: '{"this is invalid JSON"="bad"}',
  }),
  test_get_template_no_arguments: refused('stack-error', 'GetTemplate', {}),
  test_get_template_summary_non_executed_change_set: refused('error', 'GetTemplateSummary', { StackName }, (cloudformation) =>
    cloudformation.ok('CreateChangeSet', { StackName, ChangeSetName, ChangeSetType: 'CREATE', TemplateBody: withTopic() }),
  ),
  'test_create_stack_from_s3_template_url[s3_url]': async (scene) => {
    const answer = await stacks(scene).call('CreateStack', { StackName, TemplateURL: 's3://bucket/template.yaml' });
    scene.match('create-error', answer);
  },
  test_validate_template: async (scene) => {
    await stacks(scene).check('validate-template', 'ValidateTemplate', {
      TemplateBody: text({
        Parameters: { KeyExample: { Type: 'String', Description: 'The EC2 Key Pair to allow SSH access to the instance' } },
        Resources: { A: topic() },
      }),
    });
  },

  test_update_with_resource_types: async (scene) => {
    await create(stacks(scene), withTopic());
    const update = { StackName, TemplateBody: withTopic({ DisplayName: 'a' }), Capabilities: capabilities };
    await stacks(scene).check('invalid_type_error', 'UpdateStack', { ...update, ResourceTypes: ['AWS::EC2:*'] });
    await stacks(scene).check('resource_not_allowed', 'UpdateStack', { ...update, ResourceTypes: ['AWS::EC2::*'] });
  },
  test_basic_update: async (scene) => {
    await create(stacks(scene), withTopic());
    await stacks(scene).check('update_response', 'UpdateStack', { StackName, TemplateBody: withTopic({ DisplayName: 'a' }) });
  },
  test_no_template_error: refused('error', 'UpdateStack', { StackName }, (cloudformation) => create(cloudformation, withTopic())),
  test_update_deleted_stack: async (scene) => {
    const { StackId } = await create(stacks(scene), withTopic());
    await stacks(scene).ok('DeleteStack', { StackName });
    scene.match(
      'Error',
      await stacks(scene).call('UpdateStack', { StackName: StackId, TemplateBody: withTopic({ DisplayName: 'a' }) }),
    );
  },

  'TestStackPolicy.test_set_invalid_policy_with_url': refused(
    'error',
    'SetStackPolicy',
    { StackName, StackPolicyBody: text({ Statement: [{ Effect: 'NoWay' }] }) },
    (cloudformation) => create(cloudformation, withTopic()),
  ),
  'TestStackPolicy.test_not_json_policy': refused(
    'error',
    'SetStackPolicy',
    { StackName, StackPolicyBody: 'here' },
    (cloudformation) => create(cloudformation, withTopic()),
  ),

  'TestStackPolicy.test_empty_policy': async (scene) => {
    await create(stacks(scene), withTopic());
    await stacks(scene).ok('SetStackPolicy', { StackName, StackPolicyBody: '{}' });
    compare(scene, 'policy', await stacks(scene).call('GetStackPolicy', { StackName }));
  },
  'stacks.test_name_conflicts': async (scene) => {
    const cloudformation = stacks(scene);
    const { StackId } = await create(cloudformation, withTopic());
    scene.match(
      'create_stack_already_exists_exc',
      await cloudformation.call('CreateStack', { StackName, TemplateBody: withTopic() }),
    );
    scene.match('created_stack_desc', (await described(cloudformation))?.['StackStatus']);
    await cloudformation.ok('DeleteStack', { StackName });
    await cloudformation.check('deleted_stack_not_found_exc', 'DescribeStacks', { StackName });
    await cloudformation.check('deleted_stack_events_not_found_by_name', 'DescribeStackEvents', { StackName });
    await cloudformation.check('deleted_stack_desc', 'DescribeStacks', { StackName: StackId });
    const { StackId: again } = await create(cloudformation, withTopic());
    await cloudformation.check('stack_id_desc', 'DescribeStacks', { StackName: StackId });
    await cloudformation.check('new_stack_desc', 'DescribeStacks', { StackName });
    await cloudformation.check('new_stack_id_desc', 'DescribeStacks', { StackName: again });
    await cloudformation.ok('DeleteStack', { StackName });
    await cloudformation.check('deleted_second_stack_desc', 'DescribeStacks', { StackName: again });
  },
  test_update_termination_protection: async (scene) => {
    const TemplateBody = text({ Parameters: { ApiName: { Type: 'String' } }, Resources: { A: topic() } });
    await deployed(stacks(scene), TemplateBody, {
      ...given('ApiName', 'a'),
      Capabilities: capabilities.toSorted(),
    });
    for (const [number, EnableTerminationProtection] of [
      [1, true],
      [2, false],
    ] as const) {
      await stacks(scene).ok('UpdateTerminationProtection', { StackName, EnableTerminationProtection });
      await stacks(scene).check(`describe-stack-${number}`, 'DescribeStacks', { StackName });
    }
  },
  test_describe_non_existent_resource: async (scene) => {
    const { StackId } = await create(stacks(scene), withTopic());
    const answer = await stacks(scene).call('DescribeStackResource', {
      StackName: StackId,
      LogicalResourceId: 'not-a-valid-resource',
    });
    scene.match('error', thrown(answer, 'DescribeStackResource'));
  },
  'TestSsmParameters.test_resolve_ssm_missing_parameter': async (scene) => {
    const TemplateBody = text({
      Parameters: { InputValue: { Type: 'AWS::SSM::Parameter::Value<String>' } },
      Resources: { A: topic({ TopicName: { Ref: 'InputValue' } }) },
    });
    const answer = await stacks(scene).call('CreateChangeSet', {
      StackName,
      ChangeSetName,
      ChangeSetType: 'CREATE',
      TemplateBody,
    });
    scene.match('error-response', thrown(answer, 'CreateChangeSet'));
  },

  'TestCaptureUpdateProcess.test_direct_update': captured(
    text({ Resources: { Foo: topic({ TopicName: 'topic-1' }) } }),
    text({ Resources: { Foo: topic({ TopicName: 'topic-2' }) } }),
    { first: { Capabilities: capabilities }, second: { Capabilities: capabilities } },
  ),
};
