import { functionArn, type AccountId, type Region } from '../base/index.ts';

/** What the ARN of an execution says. @source spec 0.2-15 */
export interface ExecutionName {
  readonly account: AccountId;
  readonly region: Region;
  readonly functionName: string;
  /** `$LATEST` or a number: the one that runs, also when an alias was called. */
  readonly version: string;
  readonly name: string;
  readonly id: string;
}

export const executionArn = ({ account, region, functionName, version, name, id }: ExecutionName): string =>
  `${functionArn(region, account, functionName)}:${version}/durable-execution/${name}/${id}`;

const shape =
  /^arn:[^:]+:lambda:([^:]+):(\d{12}):function:([\w-]+):(\$LATEST(?:\.PUBLISHED)?|\d+)\/durable-execution\/([\w-]+)\/([\w-]+)$/;

/** The id in an ARN; whoever looks it up compares the whole. */
export const idIn = (arn: string): string | undefined => shape.exec(arn)?.[6];

/** Names the callback to everybody who is given it: the execution's ARN and the operation's id. */
export const callbackIdOf = (arn: string, operationId: string): string =>
  Buffer.from(`${arn}\n${operationId}`).toString('base64');

/** @returns undefined for what was not made here */
export function readCallbackId(
  callbackId: string,
): { readonly executionArn: string; readonly id: string; readonly operationId: string } | undefined {
  const [arn = '', operationId = ''] = Buffer.from(callbackId, 'base64').toString('utf8').split('\n');
  const id = idIn(arn);
  return id === undefined || operationId === '' ? undefined : { executionArn: arn, id, operationId };
}
