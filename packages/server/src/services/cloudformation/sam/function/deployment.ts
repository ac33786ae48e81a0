import type { Draft } from '../draft.ts';
import { InvalidResource } from '../faults.ts';
import { managedArn, trust } from '../role.ts';
import { asMap, getAtt, given, isIntrinsic, ref, sub, type Fields } from '../values.ts';

const application = 'ServerlessDeploymentApplication';
const sharedRole = 'CodeDeployServiceRole';

/** Traffic that moves to a new version by and by: CodeDeploy's business. @returns what the alias says of its updates */
export function addDeployment(logicalId: string, written: Fields, draft: Draft): Fields | undefined {
  const preference = draft.known(written) as Fields;
  if (preference['Enabled'] === false || preference['Enabled'] === 'false') return undefined;
  const { Type: type, Hooks: hooks, Alarms: alarms, Role: role, TriggerConfigurations } = preference;
  if (type === undefined) throw new InvalidResource(logicalId, `'DeploymentPreference' is missing required Property 'Type'`);
  const groupId = `${logicalId}DeploymentGroup`;
  draft.add(application, 'AWS::CodeDeploy::Application', { ComputePlatform: 'Lambda' });
  if (role === undefined) {
    const managed = managedArn(draft.context.partition, 'service-role/AWSCodeDeployRoleForLambda');
    draft.add(sharedRole, 'AWS::IAM::Role', {
      AssumeRolePolicyDocument: trust('codedeploy.amazonaws.com'),
      ManagedPolicyArns: [managed],
    });
  }
  draft.add(groupId, 'AWS::CodeDeploy::DeploymentGroup', {
    AlarmConfiguration: Array.isArray(alarms) ? { Enabled: true, Alarms: alarms.map((Name: unknown) => ({ Name })) } : undefined,
    ApplicationName: ref(application),
    AutoRollbackConfiguration: {
      Enabled: true,
      Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM', 'DEPLOYMENT_STOP_ON_REQUEST'],
    },
    DeploymentConfigName: configName(type),
    DeploymentStyle: { DeploymentType: 'BLUE_GREEN', DeploymentOption: 'WITH_TRAFFIC_CONTROL' },
    ServiceRoleArn: role ?? getAtt(sharedRole),
    TriggerConfigurations,
  });
  const { PreTraffic, PostTraffic } = asMap(hooks);
  return {
    CodeDeployLambdaAliasUpdate: given({
      ApplicationName: ref(application),
      DeploymentGroupName: ref(groupId),
      BeforeAllowTrafficHook: PreTraffic,
      AfterAllowTrafficHook: PostTraffic,
    }),
  };
}

/** Configurations that CodeDeploy brings along, which SAM calls without their first half. */
const brought = /^(AllAtOnce|Canary10Percent(5|10|15|30)Minutes|Linear10PercentEvery(1|2|3|10)Minutes?)$/;

function configName(type: unknown): unknown {
  if (isIntrinsic(type) || typeof type !== 'string' || !brought.test(type)) return type;
  return sub('CodeDeployDefault.Lambda${ConfigName}', { ConfigName: type });
}
