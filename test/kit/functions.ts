import {
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
  type CreateFunctionCommandInput,
  type InvokeCommandInput,
} from '@aws-sdk/client-lambda';
import { zipOf } from './zip.ts';

export const role = 'arn:aws:iam::000000000000:role/test';

export const lambdaClient = (origin: string): LambdaClient =>
  new LambdaClient({
    endpoint: origin,
    region: 'us-east-1',
    credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' },
    maxAttempts: 1,
  });

/** Creates a function out of one or more files and waits until it is active. */
export async function deploy(
  client: LambdaClient,
  name: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  options: Partial<CreateFunctionCommandInput> = {},
): Promise<void> {
  await client.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Role: role,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Code: { ZipFile: await zipOf(files) },
      ...options,
    }),
  );
  await waitUntilFunctionActiveV2({ client, maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.5 }, { FunctionName: name });
}

export interface Invoked {
  readonly status: number | undefined;
  readonly error: string | undefined;
  readonly version: string | undefined;
  /** The answer, parsed where it is JSON. */
  readonly answer: unknown;
  /** The log tail, when it was asked for. */
  readonly log: string;
}

export async function invoke(
  client: LambdaClient,
  name: string,
  event: unknown = {},
  options: Partial<InvokeCommandInput> = {},
): Promise<Invoked> {
  const result = await client.send(
    new InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify(event)), LogType: 'Tail', ...options }),
  );
  const text = Buffer.from(result.Payload ?? []).toString('utf8');
  return {
    status: result.StatusCode,
    error: result.FunctionError,
    version: result.ExecutedVersion,
    answer: parsed(text),
    log: Buffer.from(result.LogResult ?? '', 'base64').toString('utf8'),
  };
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};
