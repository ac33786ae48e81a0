import type { Runtime } from '@aws-sdk/client-lambda';
import { compiled, type Compiled } from '../kit/compiled.ts';
import { created, json, type Options } from '../kit/functions.ts';
import { recordings, type Scenario, type Scenarios, type Stage } from '../kit/stage.ts';

const FunctionName = 'fn';

const pythonProgram = `import os
def handler(event, context):
    if not isinstance(event, dict):
        return event
    if event.get("error_msg"):
        raise Exception("Failed: " + event["error_msg"])
    if not event.get("introspect"):
        return event
    names = ["aws_request_id", "function_name", "function_version", "invoked_function_arn", "log_group_name", "log_stream_name", "memory_limit_in_mb"]
    ctx = {name: getattr(context, name) for name in names}
    ctx["remaining_time_in_millis"] = context.get_remaining_time_in_millis()
    return {"ctx": ctx, "environment": dict(os.environ), "packages": []}
`;

const nodeProgram = `exports.handler = async (event, context) => {
  if (event?.error_msg) throw new Error('Error: ' + event.error_msg);
  if (!event?.introspect) return event;
  const ctx = {
    aws_request_id: context.awsRequestId,
    function_name: context.functionName,
    function_version: context.functionVersion,
    invoked_function_arn: context.invokedFunctionArn,
    log_group_name: context.logGroupName,
    log_stream_name: context.logStreamName,
    remaining_time_in_millis: context.getRemainingTimeInMillis(),
  };
  return { ctx, environment: process.env, packages: [] };
};
`;

const wrapper = '#!/bin/sh\nexport WRAPPER_VAR=test-env-var-value\nexec "$@"\n';

const programs: Readonly<Record<string, Options>> = {
  python: { files: { 'handler.py': pythonProgram, environment_wrapper: wrapper }, Handler: 'handler.handler' },
  nodejs: { files: { 'index.js': nodeProgram, environment_wrapper: wrapper }, Handler: 'index.handler' },
};

/** @param program  where it is another than the runtime's usual one */
async function options(runtime: string, variables?: Record<string, string>, program = compiledFor(runtime)): Promise<Options> {
  return {
    ...programs[familyOf(runtime)],
    ...(program && { Handler: program.Handler, Code: { ZipFile: await program.archive({ environment_wrapper: wrapper }) } }),
    Runtime: runtime as Runtime,
    MemorySize: 1024,
    ...(variables && { Environment: { Variables: variables } }),
  };
}

const familyOf = (runtime: string): string => /^[a-z]+/.exec(runtime)?.[0] ?? '';
const compiledFor = (runtime: string): Compiled | undefined => compiled[familyOf(runtime)];

async function answered(stage: Stage, event: unknown, Qualifier?: string): Promise<unknown> {
  const { Payload } = await stage.api.invoke({ FunctionName, Payload: json(event), ...(Qualifier && { Qualifier }) });
  return JSON.parse(Buffer.from(Payload ?? []).toString('utf8')) as unknown;
}

const echoes =
  (runtime: string): Scenario =>
  async (stage) => {
    await created(stage, FunctionName, await options(runtime));
    for (const event of [{}, { simple: 'payload' }, [1, 2], 'text', 12.5, true, null, { deep: { ü: ['✓', null] } }])
      stage.same('echo', await answered(stage, event), event);
  };

/** What a function sees, but for the way back to this server, which AWS does not need. */
async function introspected(stage: Stage, Qualifier?: string): Promise<unknown> {
  const { environment, ...rest } = (await answered(stage, { introspect: true }, Qualifier)) as {
    environment: Record<string, string>;
  };
  const { AWS_ENDPOINT_URL: _ours, ...variables } = environment;
  return { ...rest, environment: variables };
}

const introspection =
  (runtime: string): Scenario =>
  async (stage) => {
    // Where the Runtime API and the X-Ray daemon are is the box's own affair.
    stage.apart('AWS_LAMBDA_RUNTIME_API', 'AWS_XRAY_DAEMON_ADDRESS', '_AWS_XRAY_DAEMON_ADDRESS');
    stage.match('create_function_result', await created(stage, FunctionName, await options(runtime, { TEST_KEY: 'TEST_VAL' })));
    stage.match('invocation_result_payload', await introspected(stage));
    stage.match('invocation_result_payload_qualified', await introspected(stage, '$LATEST'));
  };

const uncaught =
  (runtime: string, program?: Compiled): Scenario =>
  async (stage) => {
    stage.match('create_function_result', await created(stage, FunctionName, await options(runtime, undefined, program)));
    await stage.check('error_result', stage.api.invoke({ FunctionName, Payload: json({ error_msg: 'some_error_msg' }) }));
  };

const wrapped =
  (runtime: string): Scenario =>
  async (stage) => {
    const variables = { AWS_LAMBDA_EXEC_WRAPPER: '/var/task/environment_wrapper' };
    stage.match('create_function_result', await created(stage, FunctionName, await options(runtime, variables)));
    const { environment } = (await answered(stage, { introspect: true })) as { environment: Record<string, string> };
    stage.same('set by the wrapper', environment['WRAPPER_VAR'], 'test-env-var-value');
  };

const titles: Readonly<Record<string, (runtime: string, program?: Compiled) => Scenario>> = {
  test_echo_invoke: echoes,
  test_introspection_invoke: introspection,
  test_uncaught_exception_invoke: uncaught,
  test_runtime_wrapper_invoke: wrapped,
};

/** What a failure looks like is the affair of the language: that of a runtime without one was recorded of Rust. */
const languageOf = (title: string, runtime: string): Compiled | undefined =>
  title === 'test_uncaught_exception_invoke' && familyOf(runtime) === 'provided' ? compiled['rust'] : compiledFor(runtime);

/** Of one program in many languages. */
export const commonScenarios: Scenarios = {
  ...Object.fromEntries(
    [...recordings().keys()].flatMap((name): [string, Scenario][] => {
      const [, title = '', runtime = ''] = /^TestLambdaRuntimesCommon\.(\w+)\[([^\]]+)\]$/.exec(name) ?? [];
      const scenario = titles[title];
      const program = languageOf(title, runtime);
      if (scenario === undefined || (program === undefined && programs[familyOf(runtime)] === undefined)) return [];
      return [[name, scenario(runtime, program)]];
    }),
  ),
  'TestGoProvidedRuntimes.test_uncaught_exception_invoke[provided.al2023]': uncaught('provided.al2023', compiled['go']),
};
