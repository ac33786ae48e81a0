import type { Answer } from '../../kit/stage.ts';
import type { Scenario, Scenarios } from '../kit/stage.ts';

const services = [
  'accountdiscovery.ssm',
  'acm',
  'appmesh',
  'autoscaling-plans',
  'autoscaling',
  'backup',
  'connect',
  'ec2-instance-connect',
  'ecr',
  'ecs',
  'eks-connector',
  'eks',
  'email.cognito-idp',
  'fis',
  'grafana',
  'kafka',
  'kafkaconnect',
  'lex',
  'lexv2',
  'lightsail',
  'm2',
  'memorydb',
  'mrk.kms',
  'notifications',
  'opensearchservice',
  'ops.emr-serverless',
  'opsdatasync.ssm',
  'opsinsights.ssm',
  'pullthroughcache.ecr',
  'redshift',
  'replication.cassandra',
  'repository.sync.codeconnections',
  'resource-explorer-2',
  'ses',
  'ssm-incidents',
  'ssm-quicksetup',
  'sso',
  'vpcorigin.cloudfront',
  'waf',
  'wafv2',
];
const withoutSuffix = [
  'ops.emr-serverless',
  'eks',
  'iotmanagedintegrations',
  'rolesanywhere',
  'm2',
  'opsdatasync.ssm',
  'codestar-notifications',
  'notifications',
  'replication.ecr',
  'ecs',
  'redshift',
  'mrk.kms',
  'observability.aoss',
  'elasticache',
  'pullthroughcache.ecr',
  'imagebuilder',
  's3-outposts',
  'eks-nodegroup',
  'accountdiscovery.ssm',
  'ssm-incidents',
  'dms',
  'sso',
  'lex',
  'repository.sync.codeconnections',
  'cloudtrail',
  'ses',
  'ssm-quicksetup',
  'elasticloadbalancing',
  'fis',
  'elasticfilesystem',
  'config',
  'mq',
  'backup',
  'lightsail',
];
const full = (service: string): string => `${service}.amazonaws.com`;

const serviceRole =
  (AWSServiceName: string, CustomSuffix?: string): Scenario =>
  async (scene) => {
    const iam = scene.service('iam');
    // Some of the roles had been in use where they were recorded.
    scene.stage.apart('RoleLastUsed');
    const { Role } = await iam.ok('CreateServiceLinkedRole', {
      AWSServiceName,
      ...(CustomSuffix === undefined ? {} : { CustomSuffix }),
    });
    const { RoleName } = Role as Answer;
    const described = await iam.ok('GetRole', { RoleName });
    const { Description: _text, ...role } = described['Role'] as Answer;
    const { Description: recorded } = scene.recorded('describe-response')['Role'] as Answer;
    scene.match('describe-response', recorded === undefined ? { ...described, Role: role } : described);
    await iam.check('inline-role-policies', 'ListRolePolicies', { RoleName });
    await iam.check('attached-role-policies', 'ListAttachedRolePolicies', { RoleName });
    await iam.ok('DeleteServiceLinkedRole', { RoleName });
  };

const noSuffix =
  (AWSServiceName: string): Scenario =>
  async (scene) => {
    await scene
      .service('iam')
      .check('custom-suffix-not-allowed', 'CreateServiceLinkedRole', { AWSServiceName, CustomSuffix: 'suffix' });
  };

const trust = (service: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  });
const document = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
});

const attached: Scenario = async (scene) => {
  const iam = scene.service('iam');
  const PolicyName = `policy-${scene.region}`;
  const RoleName = `attached-${scene.region}`;
  await iam.ok('CreateRole', { RoleName, AssumeRolePolicyDocument: trust('lambda.amazonaws.com') });
  const { Policy } = await iam.check('create_policy_response', 'CreatePolicy', { PolicyName, PolicyDocument: document });
  const { Arn } = Policy as { Arn: string };
  const attach = (name: string, PolicyArn: string): Promise<Answer> =>
    iam.check(name, 'AttachRolePolicy', { RoleName, PolicyArn });
  await attach('non_existent_malformed_policy_arn', 'longpolicynametoolongtobeanarn');
  await attach('existing_policy_name_provided', PolicyName.padEnd(20, 'x'));
  await attach('valid_arn_not_existent', `${Arn}123`);
  await attach('valid_policy_arn', Arn);
};

const pathLife: Scenario = async (scene) => {
  scene.stage.apart('Arn');
  const iam = scene.service('iam');
  const RoleName = `pathed-${scene.region}`;
  await iam.check('create-role-response', 'CreateRole', {
    RoleName,
    Path: '/path1/path2/',
    AssumeRolePolicyDocument: trust('lambda.amazonaws.com'),
  });
  await iam.check('get-role-response', 'GetRole', { RoleName });
  await iam.check('delete-role-response', 'DeleteRole', { RoleName });
};

export const iamScenarios: Scenarios = {
  ...Object.fromEntries(
    services.map((service) => [`TestIAMServiceRoles.test_service_role_lifecycle[${full(service)}]`, serviceRole(full(service))]),
  ),
  'TestIAMServiceRoles.test_service_role_lifecycle_custom_suffix[autoscaling.amazonaws.com]': serviceRole(
    full('autoscaling'),
    'suffix',
  ),
  ...Object.fromEntries(
    withoutSuffix.map((service) => [
      `TestIAMServiceRoles.test_service_role_lifecycle_custom_suffix_not_allowed[${full(service)}]`,
      noSuffix(full(service)),
    ]),
  ),
  'TestIAMIntegrations.test_role_attach_policy': attached,
  'TestIAMExtensions.test_role_with_path_lifecycle': pathLife,
  'TestIAMExtensions.test_create_role_with_malformed_assume_role_policy_document': async (scene) => {
    await scene
      .service('iam')
      .check('invalid-json', 'CreateRole', { RoleName: `bad-${scene.region}`, AssumeRolePolicyDocument: '{"a": }' });
  },
  'TestIAMIntegrations.test_delete_non_existent_policy_returns_no_such_entity': async (scene) => {
    await scene.service('iam').check('delete-non-existent-policy-exc', 'DeletePolicy', {
      PolicyArn: 'arn:aws:iam::111111111111:policy/non-existent-policy',
    });
  },
};
