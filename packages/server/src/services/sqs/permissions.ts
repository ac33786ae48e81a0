import { invalidParameter, invalidValue } from './faults.ts';

interface Statement {
  readonly Sid: string;
}
interface Policy {
  readonly Version: string;
  readonly Id: string;
  readonly Statement: readonly Statement[];
}

const actions = new Set([
  '*',
  'SendMessage',
  'ReceiveMessage',
  'DeleteMessage',
  'ChangeMessageVisibility',
  'GetQueueAttributes',
  'GetQueueUrl',
  'ListDeadLetterSourceQueues',
  'PurgeQueue',
]);

const read = (text: string | undefined, arn: string): Policy =>
  text === undefined ? { Version: '2008-10-17', Id: `${arn}/SQSDefaultPolicy`, Statement: [] } : (JSON.parse(text) as Policy);

const oneOrMany = (list: readonly string[]): string | readonly string[] => (list.length === 1 ? (list[0] as string) : list);

/** The queue's policy with one statement more. @throws InvalidParameterValue */
export function withPermission(
  text: string | undefined,
  arn: string,
  grant: { readonly label: string; readonly accounts: readonly string[]; readonly actions: readonly string[] },
): string {
  const policy = read(text, arn);
  if (policy.Statement.some(({ Sid }) => Sid === grant.label)) throw invalidValue(grant.label, 'Label', 'Already exists.');
  for (const action of grant.actions) {
    if (!actions.has(action))
      throw invalidValue(`SQS:${action}`, 'ActionName', 'Please refer to the appropriate WSDL for a list of valid actions.');
  }
  for (const account of grant.accounts) {
    if (!/^\d{12}$/.test(account))
      throw invalidParameter(`Value ${account} for parameter PrincipalId is invalid. Reason: Unable to verify.`);
  }
  const statement = {
    Sid: grant.label,
    Effect: 'Allow',
    Principal: { AWS: oneOrMany(grant.accounts.map((account) => `arn:aws:iam::${account}:root`)) },
    Action: oneOrMany(grant.actions.map((action) => `SQS:${action}`)),
    Resource: arn,
  };
  return JSON.stringify({ ...policy, Statement: [...policy.Statement, statement] });
}

/** The queue's policy without a statement; empty when none is left. @throws InvalidParameterValue */
export function withoutPermission(text: string | undefined, arn: string, label: string): string {
  const policy = read(text, arn);
  const rest = policy.Statement.filter(({ Sid }) => Sid !== label);
  if (rest.length === policy.Statement.length) throw invalidValue(label, 'Label', "can't find label.");
  return rest.length === 0 ? '' : JSON.stringify({ ...policy, Statement: rest });
}
