import { settingsOf, type Target } from './target.ts';

const roleName = 'mayfly';
/** What open servers take: they look at no role. */
const anyRole = `arn:aws:iam::000000000000:role/${roleName}`;

const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

/** Does something with a role that functions run as; makes one, in the caller's account, where the server wants it to exist. */
export async function withRole<T>(target: Target, work: (roleArn: string) => Promise<T>): Promise<T> {
  try {
    return await work(anyRole);
  } catch (error) {
    if (!/cannot be assumed by Lambda|perform: iam:PassRole on/.test((error as Error).message)) throw error;
    return work(await roleOf(target));
  }
}

async function roleOf(target: Target): Promise<string> {
  const { IAM } = await import('@aws-sdk/client-iam');
  const iam = new IAM(settingsOf(target));
  try {
    const { Role } = await iam.createRole({
      RoleName: roleName,
      AssumeRolePolicyDocument: trust,
      Description: 'Of functions deployed by mayfly deploy',
    });
    await iam.attachRolePolicy({
      RoleName: roleName,
      PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
    });
    return Role?.Arn ?? anyRole;
  } catch (error) {
    if (!(error as Error).name.startsWith('EntityAlreadyExists')) throw error;
    return (await iam.getRole({ RoleName: roleName })).Role?.Arn ?? anyRole;
  }
}
