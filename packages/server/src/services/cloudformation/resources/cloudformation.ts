import { enoughSignals } from './signals.ts';
import { listOf } from './pick.ts';
import { behaviours, type Making, type Properties, type ResourceType } from './type.ts';

/** Nothing is done for it: CDK writes down what it is. */
const metadata: ResourceType = {
  properties: behaviours({ updates: 'Analytics' }),
  create: (_properties, { name }) => Promise.resolve({ id: name }),
  update: (id) => Promise.resolve({ id }),
  delete: () => Promise.resolve(),
};

/** A stack in a stack. @source CloudFormation Template Reference, AWS::CloudFormation::Stack, read 2026-11 */
const stack: ResourceType = {
  properties: behaviours({ updates: 'NotificationARNs Parameters Tags TemplateURL TimeoutInMinutes' }),
  required: ['TemplateURL'],
  attributes: 'any',
  name: { property: 'StackName', most: 128 },
  async create(properties, making) {
    const { aws, name } = making;
    const { StackId: id = '' } = await aws.cloudformation.CreateStack({
      ...request(properties, making),
      StackName: name,
      OnFailure: 'DO_NOTHING',
      ...(properties['TimeoutInMinutes'] === undefined ? {} : { TimeoutInMinutes: properties['TimeoutInMinutes'] }),
    });
    return { id, attributes: await ended(id, ['CREATE_COMPLETE'], making) };
  },
  async update(id, properties, _before, making) {
    try {
      await making.aws.cloudformation.UpdateStack({ ...request(properties, making), StackName: id });
    } catch (error) {
      if (!String(error).includes('No updates are to be performed')) throw error;
    }
    return { id, attributes: await ended(id, ['UPDATE_COMPLETE', 'CREATE_COMPLETE'], making) };
  },
  async delete(id, _properties, making) {
    await making.aws.cloudformation.DeleteStack({ StackName: id });
    const found = await making.aws.cloudformation.DescribeStacks({ StackName: id }).catch(() => undefined);
    if (found !== undefined) await ended(found.Stacks?.[0]?.StackId ?? id, ['DELETE_COMPLETE'], making);
  },
};

function request(properties: Properties, making: Making) {
  return {
    TemplateURL: String(properties['TemplateURL']),
    Parameters: Object.entries((properties['Parameters'] ?? {}) as Properties).map(([ParameterKey, value]) => ({
      ParameterKey,
      ParameterValue: Array.isArray(value) ? value.join(',') : String(value),
    })),
    Tags: [...listOf(properties['Tags']), ...making.tags] as { Key: string; Value: string }[],
    NotificationARNs: [...listOf<string>(properties['NotificationARNs'])],
    // The outer stack was let in with these already.
    Capabilities: ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND'] as (
      | 'CAPABILITY_IAM'
      | 'CAPABILITY_NAMED_IAM'
      | 'CAPABILITY_AUTO_EXPAND'
    )[],
  };
}

async function ended(id: string, good: readonly string[], { aws, until }: Making): Promise<Readonly<Record<string, unknown>>> {
  const found = await until(async () => {
    const { Stacks: [described] = [] } = await aws.cloudformation.DescribeStacks({ StackName: id });
    return described?.StackStatus?.endsWith('_IN_PROGRESS') === true ? undefined : described;
  }, 24 * 3_600_000);
  if (!good.includes(found.StackStatus ?? ''))
    throw new Error(
      `Embedded stack ${id} was not successfully created or updated: ${found.StackStatusReason ?? found.StackStatus ?? ''}`,
    );
  return Object.fromEntries((found.Outputs ?? []).map(({ OutputKey: key, OutputValue: value }) => [`Outputs.${key}`, value]));
}

/** A URL to tell that something is done. @source CloudFormation Template Reference, AWS::CloudFormation::WaitConditionHandle, read 2026-11 */
const waitConditionHandle: ResourceType = {
  properties: {},
  async create(_properties, { waiting, token, stackId, logicalId }) {
    await waiting.open(token, stackId, logicalId);
    return { id: waiting.url(token, 'anywhere') };
  },
  delete: (id, _properties, { waiting }) => waiting.close(id.split('/').at(-1) ?? ''),
};

/** @source CloudFormation Template Reference, AWS::CloudFormation::WaitCondition, read 2026-11 */
const waitCondition: ResourceType = {
  properties: behaviours({ updates: 'Count Handle Timeout' }),
  attributes: ['Data'],
  async create(properties, making) {
    const { Count: count = 1, Handle: handle = '', Timeout: timeoutS = 0 } = properties;
    const answers = await enoughSignals(String(handle).split('/').at(-1) ?? '', Number(count), Number(timeoutS), making);
    return { id: making.name, attributes: { Data: JSON.stringify(answers) } };
  },
  update: (id) => Promise.resolve({ id }),
  delete: () => Promise.resolve(),
};

export const cloudformation: Readonly<Record<string, ResourceType>> = {
  'AWS::CDK::Metadata': metadata,
  'AWS::CloudFormation::Stack': stack,
  'AWS::CloudFormation::WaitCondition': waitCondition,
  'AWS::CloudFormation::WaitConditionHandle': waitConditionHandle,
};
