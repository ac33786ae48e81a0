import { given, type Fields } from './values.ts';

/** Who may take the role on. */
export const trust = (service: string): Fields => ({
  Version: '2012-10-17',
  Statement: [{ Action: ['sts:AssumeRole'], Effect: 'Allow', Principal: { Service: [service] } }],
});

/** A policy that AWS manages. @param name  with its path, where it has one */
export const managedArn = (partition: string, name: string): string => `arn:${partition}:iam::aws:policy/${name}`;

export const xrayArn = (partition: string): string =>
  managedArn(partition, partition === 'aws' ? 'AWSXrayWriteOnlyAccess' : 'AWSXRayDaemonWriteAccess');

export const policy = (name: string, ...statements: readonly Fields[]): Fields => ({
  PolicyName: name,
  PolicyDocument: { Statement: statements },
});

export const allow = (action: string | readonly string[], resource: unknown): Fields => ({
  Action: action,
  Effect: 'Allow',
  Resource: resource,
});

/** Properties of a role; lists that came out empty are left away. */
export function roleOf(parts: {
  readonly trust: unknown;
  readonly managed?: readonly unknown[];
  readonly inline?: readonly unknown[];
  readonly path?: unknown;
  readonly permissionsBoundary?: unknown;
  readonly tags?: readonly Fields[] | undefined;
}): Fields {
  const { inline = [] } = parts;
  return given({
    AssumeRolePolicyDocument: parts.trust,
    ManagedPolicyArns: parts.managed?.filter((each, at, all) => all.indexOf(each) === at),
    Path: parts.path,
    Policies: inline.length === 0 ? undefined : inline,
    PermissionsBoundary: parts.permissionsBoundary,
    Tags: parts.tags,
  });
}

/** Messages to a queue or a topic that could not go where they should have gone. */
export const mayWrite = {
  SQS: (name: string, arn: unknown): Fields => policy(name, allow('sqs:SendMessage', arn)),
  SNS: (name: string, arn: unknown): Fields => policy(name, allow('sns:publish', arn)),
  S3: (name: string, arn: unknown): Fields =>
    policy(name, allow('s3:PutObject', { 'Fn::Join': ['/', [arn, '*']] }), allow('s3:ListBucket', arn)),
  Lambda: (name: string, arn: unknown): Fields => policy(name, allow('lambda:InvokeFunction', arn)),
  EventBridge: (name: string, arn: unknown): Fields => policy(name, allow('events:PutEvents', arn)),
};
