import { setTimeout as pause } from 'node:timers/promises';
import type { CreateFunctionCommandInput, Runtime } from '@aws-sdk/client-lambda';
import { zipOf } from '../../kit/zip.ts';
import type { Answer, Stage } from './stage.ts';

export const role = 'arn:aws:iam::111111111111:role/conformance';

export const echo = { 'handler.py': 'def handler(event, context):\n    return event\n' };
export const index = { 'index.py': 'def handler(event, context):\n    return {}\n' };

export type Options = Partial<CreateFunctionCommandInput> & { readonly files?: Readonly<Record<string, string | Uint8Array>> };

/** An ordinary function of `index.py`, as a caller gives it. */
export async function given(name: string, { files = index, ...options }: Options = {}): Promise<CreateFunctionCommandInput> {
  return {
    FunctionName: name,
    Role: role,
    Runtime: 'python3.12' as Runtime,
    Handler: 'index.handler',
    Code: { ZipFile: await zipOf(files) },
    ...options,
  };
}

/** Creates a function, without waiting. */
export const create = async (stage: Stage, name: string, options: Options = {}): Promise<Answer> =>
  stage.answer(stage.api.createFunction(await given(name, options)));

/** Creates a function and waits until it is active. */
export async function created(stage: Stage, name: string, options: Options = {}): Promise<Answer> {
  const answer = await create(stage, name, options);
  if (answer['Error'] !== undefined) throw new Error(`${name} was not created: ${JSON.stringify(answer['Error'])}`);
  const { State, StateReason } = await settled(stage, name);
  if (State !== 'Active') throw new Error(`${name} is ${String(State)}: ${String(StateReason)}`);
  return answer;
}

/** The shape in which many answers to a creation were recorded; the function is `handler.py` then, and ready. */
export async function fixture(stage: Stage, name: string, options: Options = {}): Promise<Answer> {
  const usual = { files: echo, Handler: 'handler.handler', Timeout: 30, Environment: { Variables: {} } };
  return { CreateEventSourceMappingResponse: null, CreateFunctionResponse: await created(stage, name, { ...usual, ...options }) };
}

/** Polls until a version is neither being created nor being updated. */
export async function settled(stage: Stage, name: string, qualifier?: string): Promise<Answer> {
  for (;;) {
    const answer = await stage.answer(
      stage.api.getFunctionConfiguration({ FunctionName: name, ...(qualifier === undefined ? {} : { Qualifier: qualifier }) }),
    );
    if (answer['State'] !== 'Pending' && answer['LastUpdateStatus'] !== 'InProgress') return answer;
    await pause(10);
  }
}

/** Polls until an answer is as wanted. The scenario's own time limit bounds it. */
export async function until<T>(ask: () => Promise<T>, isThere: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isThere(answer)) return answer;
    await pause(20);
  }
}

export const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
