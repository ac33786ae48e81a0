// A runtime for Deno in one file: the HTTP Runtime API and a handler `file.export` that is async.

import { existsSync } from 'node:fs';
import process from 'node:process';

const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
const [file, ...names] = (process.env._HANDLER ?? '').split('.');

function describe(error: unknown): string {
  const known = error instanceof Error ? error : new Error(String(error));
  return JSON.stringify({ errorType: known.name, errorMessage: known.message, trace: (known.stack ?? '').split('\n') });
}

function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${api}${path}`, { method: 'POST', body, headers });
}

let handler: (event: unknown, context: object) => unknown;
try {
  // Deno wants a file's whole name.
  const base = `${process.env.LAMBDA_TASK_ROOT}/${file}`;
  const ending = ['.ts', '.js', '.mjs'].find((each) => existsSync(base + each)) ?? '.ts';
  const module = await import(`file://${base}${ending}`);
  handler = names.reduce((value, name) => value?.[name], module);
  if (typeof handler !== 'function') throw new TypeError(`${process.env._HANDLER} is not a function`);
} catch (error) {
  await post('/init/error', describe(error), { 'Lambda-Runtime-Function-Error-Type': 'Runtime.ImportModuleError' });
  process.exit(1);
}

for (;;) {
  const next = await fetch(`${api}/invocation/next`);
  const awsRequestId = next.headers.get('lambda-runtime-aws-request-id')!;
  const deadlineMs = Number(next.headers.get('lambda-runtime-deadline-ms'));
  const context = {
    awsRequestId,
    invokedFunctionArn: next.headers.get('lambda-runtime-invoked-function-arn'),
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  };
  try {
    const answer = (await handler(await next.json(), context)) ?? null;
    await post(`/invocation/${awsRequestId}/response`, JSON.stringify(answer));
  } catch (error) {
    console.error(error);
    await post(`/invocation/${awsRequestId}/error`, describe(error), { 'Lambda-Runtime-Function-Error-Type': 'Function.Error' });
  }
}
