import type { Answer } from '../../kit/stage.ts';
import type { Scenario, Scenarios } from '../kit/stage.ts';
import { iamCredentialScenarios } from './iam-credentials.ts';

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

const encodedArn = (region: string): string => encodeURIComponent(`arn:aws:apigateway:${region}::/restapis/aaeeieije`);
const encodedPolicy = (region: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['apigatway:PUT'],
        Resource: [`arn:aws:apigateway:${region}::/tags/${encodedArn(region)}`],
      },
    ],
  });

const encodedGroupPolicy: Scenario = async (scene) => {
  const iam = scene.service('iam');
  const [GroupName, PolicyName] = [`group-${scene.region}`, 'policy'];
  await iam.ok('CreateGroup', { GroupName });
  await iam.ok('PutGroupPolicy', { GroupName, PolicyName, PolicyDocument: encodedPolicy(scene.region) });
  await iam.check('get-policy-response', 'GetGroupPolicy', { GroupName, PolicyName });
};

const encodedRolePolicy: Scenario = async (scene) => {
  // Its path and name stand side by side there, so that neither can be told.
  scene.stage.apart('Arn');
  const iam = scene.service('iam');
  const [RoleName, PolicyName, Path] = [`encoded-${scene.region}`, 'policy', `/encoded/${scene.region}/`];
  const AssumeRolePolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'lambda.amazonaws.com' },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'aws:SourceArn': encodedArn(scene.region) } },
      },
    ],
  });
  await iam.check('create-role-response', 'CreateRole', { RoleName, Path, AssumeRolePolicyDocument });
  await iam.ok('PutRolePolicy', { RoleName, PolicyName, PolicyDocument: encodedPolicy(scene.region) });
  await iam.check('get-policy-response', 'GetRolePolicy', { RoleName, PolicyName });
  await iam.check('get-role-response', 'GetRole', { RoleName });
  await iam.check('list-roles-response', 'ListRoles', { PathPrefix: Path });
};

const boundedRole: Scenario = async (scene) => {
  const iam = scene.service('iam');
  const [RoleName, PolicyName, PathPrefix] = [`bounded-${scene.region}`, `boundary-${scene.region}`, `/bounded-${scene.region}/`];
  const input = { RoleName, Path: PathPrefix, AssumeRolePolicyDocument: trust('ec2.amazonaws.com') };
  await iam.check('created_role', 'CreateRole', input);
  const { Policy } = await iam.ok('CreatePolicy', { PolicyName, PolicyDocument: document });
  await iam.ok('PutRolePermissionsBoundary', { RoleName, PermissionsBoundary: (Policy as Answer)['Arn'] });
  await iam.check('list_roles_result', 'ListRoles', { PathPrefix });
};

const simulated: Scenario = async (scene) => {
  const iam = scene.service('iam');
  const [UserName, PolicyName] = [`simulated-${scene.region}`, `simulated-${scene.region}`];
  // Its columns were recorded: spaces count.
  const PolicyDocument =
    '{"Version": "2012-10-17", "Statement": [{"Sid": "", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}]}';
  const { User } = await iam.ok('CreateUser', { UserName });
  const { Policy } = await iam.ok('CreatePolicy', { PolicyName, PolicyDocument });
  await iam.ok('AttachUserPolicy', { UserName, PolicyArn: (Policy as Answer)['Arn'] });
  await iam.check('response', 'SimulatePrincipalPolicy', {
    PolicySourceArn: (User as Answer)['Arn'],
    ActionNames: ['s3:PutObject', 's3:GetObjectVersion'],
    ResourceArns: ['arn:aws:s3:::bucket'],
  });
};

export const iamScenarios: Scenarios = {
  ...iamCredentialScenarios,
  'TestIAMIntegrations.test_list_roles_with_permission_boundary': boundedRole,
  'TestIAMIntegrations.test_simulate_principle_policy[user]': simulated,
  'TestIAMPolicyEncoding.test_put_group_policy_encoding': encodedGroupPolicy,
  'TestIAMPolicyEncoding.test_put_role_policy_encoding': encodedRolePolicy,
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
