import { CloudWatchLogsClient, FilterLogEventsCommand, type FilteredLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import type { InvocationType } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { created, echo, fixture, json, settled, until, type Options } from '../kit/functions.ts';
import type { Answer, Scenario, Scenarios, Stage } from '../kit/stage.ts';
import { zipOf } from '../../kit/zip.ts';

const FunctionName = 'fn';
const Payload = json({});

const python = (program: string, Runtime: Options['Runtime'] = 'python3.12'): Options => ({
  files: { 'handler.py': program },
  Handler: 'handler.handler',
  Runtime,
  Timeout: 30,
  Environment: { Variables: {} },
});

const basic: Scenario = async (stage) => {
  const { api } = stage;
  const options = { Runtime: 'python3.9' } as const;
  stage.match('lambda_create_fn', await created(stage, FunctionName, options));
  stage.match('lambda_create_fn_2', await created(stage, 'other', options));
  await stage.check('lambda_get_fn', api.getFunction({ FunctionName }));
  await stage.check('lambda_get_fn_2', api.getFunction({ FunctionName: 'other' }));
  await stage.check('lambda_invoke_result', api.invoke({ FunctionName, Payload }));
};

/** A function that returns what it is given, called in one way. */
const called =
  (runtime: string, InvocationType: InvocationType, event: object = {}): Scenario =>
  async (stage) => {
    const isNode = runtime.startsWith('nodejs');
    const files = isNode ? { 'index.js': 'exports.handler = async (event) => event;\n' } : echo;
    await created(stage, FunctionName, {
      files,
      Handler: isNode ? 'index.handler' : 'handler.handler',
      Runtime: runtime as never,
    });
    await stage.check('invoke-result', stage.api.invoke({ FunctionName, InvocationType, Payload: json(event) }));
  };

const nothingReturned =
  (isNode: boolean, InvocationType: InvocationType): Scenario =>
  async (stage) => {
    const options = isNode
      ? { files: { 'index.js': 'exports.handler = async () => {};\n' }, Handler: 'index.handler', Runtime: 'nodejs24.x' as const }
      : python('def handler(event, context):\n    return\n');
    await created(stage, FunctionName, options);
    await stage.check('invoke-result', stage.api.invoke({ FunctionName, InvocationType, Payload }));
  };

const environment: Scenario = async (stage) => {
  const { api } = stage;
  const program = 'import os\ndef handler(event, context):\n    return {"Hello": os.environ["Hello"]}\n';
  const options = { ...python(program, 'python3.9'), Environment: { Variables: { Hello: 'World' } } };
  stage.match('creation-result', await fixture(stage, FunctionName, options));
  await stage.check('invocation-result', api.invoke({ FunctionName, Payload }));
  await stage.check('get-configuration-result', api.getFunctionConfiguration({ FunctionName }));
};

const contextProgram = `def handler(event, context):
    names = ["invoked_function_arn", "function_version", "function_name", "memory_limit_in_mb", "aws_request_id", "log_group_name", "log_stream_name", "client_context"]
    return {"event": event, "context": {name: getattr(context, name) for name in names}}
`;

const fromBucket: Scenario = async (stage) => {
  const s3 = stage.neighbour(new S3Client({ ...stage.settings, forcePathStyle: true }));
  const Bucket = `code-${stage.region}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'code.zip', Body: await zipOf({ 'handler.py': contextProgram }) }));
  const Code = { S3Bucket: Bucket, S3Key: 'code.zip' };
  stage.match('creation-response', await created(stage, FunctionName, { Code, Handler: 'handler.handler', Timeout: 10 }));
  await stage.check('invocation-response', stage.api.invoke({ FunctionName, Payload: json({ foo: 'bar with \'quotes"' }) }));
};

const noTimeout: Scenario = async (stage) => {
  stage.match(
    'create-result',
    await fixture(stage, FunctionName, {
      ...python('import time\ndef handler(event, context):\n    time.sleep(event["sleep"])\n'),
      Timeout: 2,
    }),
  );
  await stage.check('invoke-result', stage.api.invoke({ FunctionName, Payload: json({ sleep: 0.1 }) }));
};

const statefulProgram = `import json, os, time
number = 0
def handler(event, context):
    global number
    if event.get("write-file"):
        with open("/tmp/file", "w") as file:
            file.write(event["write-file"])
    elif event.get("read-file"):
        with open("/tmp/file") as file:
            return {"content": file.read()}
    elif event.get("set-number"):
        number = event["set-number"]
    elif event.get("read-number"):
        return {"number": number}
    elif event.get("sleep"):
        time.sleep(event["sleep"])
`;

/** After a timeout the process is new, and the disk is not. */
const reuse: Scenario = async (stage) => {
  stage.match('create-result', await fixture(stage, FunctionName, { ...python(statefulProgram), Timeout: 1 }));
  const call = (name: string, event: object): Promise<Answer> =>
    stage.check(name, stage.api.invoke({ FunctionName, Payload: json(event) }));
  await call('invoke-result-file-write', { 'write-file': 'some-content' });
  await call('invoke-result-file-read', { 'read-file': true });
  await call('invoke-result-set-number', { 'set-number': 42 });
  await call('invoke-result-read-number', { 'read-number': true });
  await call('invoke-result-timed-out', { sleep: 3 });
  await call('invoke-result-file-read-after-timeout', { 'read-file': true });
  await call('invoke-result-read-number-after-timeout', { 'read-number': true });
};

const failing =
  (options: Options): Scenario =>
  async (stage) => {
    await created(stage, FunctionName, { Runtime: 'python3.12', ...options });
    await stage.check('invocation_error', stage.api.invoke({ FunctionName, Payload }));
  };

const tooLarge: Scenario = async (stage) => {
  const program = 'def handler(event, context):\n    return "x" * event["bytes"]\n';
  await created(stage, FunctionName, python(program));
  const large = json({ bytes: 7 * 1024 * 1024 });
  await stage.check('invoke_result', stage.api.invoke({ FunctionName, Payload: large }));
  await stage.check('invoke_result_2', stage.api.invoke({ FunctionName, Payload: large }));
};

const large: Scenario = async (stage) => {
  await created(stage, FunctionName, python('def handler(event, context):\n    return "x" * event["bytes"]\n'));
  const bytes = 6 * 1024 * 1024 - 2;
  const { Payload: answer, FunctionError } = await stage.api.invoke({ FunctionName, Payload: json({ bytes }) });
  stage.same('answer', [answer?.length, FunctionError], [bytes + 2, undefined]);
};

const logged = async (
  stage: Stage,
  isComplete: (events: readonly FilteredLogEvent[]) => boolean,
): Promise<readonly FilteredLogEvent[]> => {
  const logs = stage.neighbour(new CloudWatchLogsClient(stage.settings));
  const ask = async (): Promise<readonly FilteredLogEvent[]> =>
    (await logs.send(new FilterLogEventsCommand({ logGroupName: '/aws/lambda/fn' })).catch(() => ({ events: [] }))).events ?? [];
  return until(ask, isComplete);
};

const saying = (events: readonly FilteredLogEvent[], start: string): number =>
  events.filter(({ message }) => message?.startsWith(start)).length;

const requestId: Scenario = async (stage) => {
  const program =
    'import logging\nlogging.getLogger().setLevel(logging.INFO)\ndef handler(event, context):\n    logging.info("RequestId log message")\n    return context.aws_request_id\n';
  await created(stage, FunctionName, python(program));
  await stage.check('invoke_result', stage.api.invoke({ FunctionName, Payload }));
  const events = await logged(stage, (all) => saying(all, 'REPORT') > 0);
  const lines = events.map(({ message = '' }) => message.trim());
  stage.match('log_entries', { logs: lines.filter((line) => /^(START|END|REPORT|\[INFO\])/.test(line)) });
};

const requestIdOfUrl: Scenario = async (stage) => {
  const { api } = stage;
  await created(stage, FunctionName, python('def handler(event, context):\n    return "hi"\n'));
  const { FunctionUrl } = await stage.check(
    'create_lambda_url_config',
    api.createFunctionUrlConfig({ FunctionName, AuthType: 'NONE' }),
  );
  const open = {
    FunctionName,
    StatementId: 'urlPermission',
    Action: 'lambda:InvokeFunctionUrl',
    Principal: '*',
    FunctionUrlAuthType: 'NONE',
  } as const;
  await stage.check('add_permission', api.addPermission(open));
  const response = await fetch(String(FunctionUrl));
  const headers = { 'x-amzn-RequestId': response.headers.get('x-amzn-requestid') };
  stage.match('lambda_url_invocation', { content: await response.text(), headers, statuscode: response.status });
  const events = await logged(stage, (all) => saying(all, 'END') > 0);
  stage.match(
    'end_log_entries',
    events.map(({ message = '' }) => message.trim()).filter((line) => line.startsWith('END')),
  );
};

/** Nothing gets in, and what cannot get in goes where failures go. */
const reservedConcurrency: Scenario = async (stage) => {
  const { api } = stage;
  const sqs = stage.neighbour(new SQSClient(stage.settings));
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'failures' }));
  await created(stage, FunctionName, { ...python('def handler(event, context):\n    return 1\n'), Timeout: 20 });
  await stage.check('fn', api.getFunctionConfiguration({ FunctionName, Qualifier: '$LATEST' }));
  await stage.check('put_reserved', api.putFunctionConcurrency({ FunctionName, ReservedConcurrentExecutions: 0 }));
  await stage.check('exc_no_cap_requestresponse', api.invoke({ FunctionName, InvocationType: 'RequestResponse' }));
  const Destination = `arn:aws:sqs:${stage.region}:${stage.account}:failures`;
  const config = { FunctionName, MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Destination } } };
  await stage.check('put_event_invoke_conf', api.putFunctionEventInvokeConfig(config));
  await stage.check('invoke_result', api.invoke({ FunctionName, InvocationType: 'Event', Payload }));
  const receive = new ReceiveMessageCommand({
    QueueUrl,
    WaitTimeSeconds: 5,
    MessageSystemAttributeNames: ['All'],
    MessageAttributeNames: ['All'],
  });
  const { Messages } = await until(
    () => sqs.send(receive),
    (answer) => (answer.Messages ?? []).length > 0,
  );
  stage.match('msg', Messages?.[0]);
};

const updatedWhileRunning: Scenario = async (stage) => {
  const program = `import os, time
def handler(event, context):
    time.sleep(event.get("sleep", 0))
    return {"function_version": context.function_version, "request_id": context.aws_request_id, "request_prefix": event["request_prefix"], "function_variant": os.environ["FUNCTION_VARIANT"]}
`;
  await created(stage, FunctionName, { ...python(program), Environment: { Variables: { FUNCTION_VARIANT: 'variant-1' } } });
  const running = stage.answer(stage.api.invoke({ FunctionName, Payload: json({ request_prefix: '1-sleep', sleep: 1 }) }));
  const other = stage.neighbour(new (stage.api.constructor as new (settings: object) => Stage['api'])(stage.settings));
  await other.updateFunctionConfiguration({ FunctionName, Environment: { Variables: { FUNCTION_VARIANT: 'variant-2' } } });
  stage.match('invoke_response_before', await running);
  await settled(stage, FunctionName);
  const after = (await stage.answer(stage.api.invoke({ FunctionName, Payload: json({ request_prefix: '2' }) })))['Payload'];
  stage.same('afterwards', (after as Answer)['function_variant'], 'variant-2');
};

const ulimits = `import resource
def handler(event, context):
    names = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    shown = ["AS", "CORE", "CPU", "DATA", "FSIZE", "MEMLOCK", "NOFILE", "NPROC", "RSS", "STACK"]
    return {name: list(resource.getrlimit(getattr(resource, name))) for name in names if name[7:] in shown}
`;

const introspection = `import getpass, os, platform, pwd, grp, stat, subprocess
def handler(event, context):
    paths = {}
    for path in ["/var/task", "/opt", "/tmp", "/lambda-entrypoint.sh"]:
        if not os.path.exists(path):
            continue
        about = os.stat(path)
        key = path.replace("/", "_")
        paths[f"{key}_mode"] = stat.filemode(about.st_mode)
        paths[f"{key}_uid"] = about.st_uid
        paths[f"{key}_owner"] = pwd.getpwuid(about.st_uid).pw_name
        paths[f"{key}_gid"] = about.st_gid
    who = subprocess.check_output(["whoami"]).decode().strip()
    return {"event": event, "user_login_name": getpass.getuser(), "user_whoami": who, "platform_system": platform.system(), "platform_machine": platform.machine(), "pwd": os.getcwd(), "paths": paths}
`;

const seen =
  (answer: string, program: string): Scenario =>
  async (stage) => {
    await created(stage, FunctionName, python(program));
    await stage.check(answer, stage.api.invoke({ FunctionName, Payload }));
  };

const byArn =
  (operation: 'getFunction' | 'getFunctionConfiguration'): Scenario =>
  async (stage) => {
    await created(stage, FunctionName);
    const answer = await stage.answer(stage.api[operation]({ FunctionName: stage.arn('function:fn') }));
    const { FunctionArn } = (answer['Configuration'] ?? answer) as { FunctionArn: string };
    stage.same('arn', FunctionArn, stage.arn('function:fn'));
  };

export const invokeScenarios: Scenarios = {
  'TestLambdaFeatures.test_basic_invoke': basic,
  'TestLambdaFeatures.test_invocation_type_request_response[python3.9]': called('python3.9', 'RequestResponse'),
  'TestLambdaFeatures.test_invocation_type_request_response[python3.10]': called('python3.10', 'RequestResponse'),
  'TestLambdaFeatures.test_invocation_type_request_response[nodejs16.x]': called('nodejs16.x', 'RequestResponse'),
  'TestLambdaFeatures.test_invocation_type_event[python3.9]': called('python3.9', 'Event'),
  'TestLambdaFeatures.test_invocation_type_event[python3.10]': called('python3.10', 'Event'),
  'TestLambdaFeatures.test_invocation_type_event[nodejs16.x]': called('nodejs16.x', 'Event'),
  'TestLambdaFeatures.test_invocation_type_dry_run[python3.9]': called('python3.9', 'DryRun'),
  'TestLambdaFeatures.test_invocation_type_dry_run[nodejs16.x]': called('nodejs16.x', 'DryRun'),
  'TestLambdaFeatures.test_invocation_type_no_return_payload[python-Event]': nothingReturned(false, 'Event'),
  'TestLambdaFeatures.test_invocation_type_no_return_payload[nodejs-RequestResponse]': nothingReturned(true, 'RequestResponse'),
  'TestLambdaFeatures.test_lambda_environment': environment,
  'TestLambdaFeatures.test_upload_lambda_from_s3': fromBucket,
  'TestLambdaFeatures.test_invoke_exceptions': async (stage) => {
    await stage.check('invoke_function_doesnotexist', stage.api.invoke({ FunctionName: 'doesnotexist' }));
  },
  'TestLambdaBehavior.test_lambda_invoke_no_timeout': noTimeout,
  'TestLambdaBehavior.test_lambda_invoke_timed_out_environment_reuse': reuse,
  'TestLambdaBehavior.test_runtime_ulimits': seen('invoke_runtime_ulimits', ulimits),
  'TestLambdaBehavior.test_runtime_introspection_x86': seen('invoke_runtime_x86_introspection', introspection),
  'TestLambdaErrors.test_lambda_runtime_wrapper_not_found': failing({
    Environment: { Variables: { AWS_LAMBDA_EXEC_WRAPPER: '/idontexist.sh' } },
  }),
  'TestLambdaErrors.test_lambda_runtime_exit': failing({
    files: { 'handler.py': 'import sys\nsys.exit(0)\n' },
    Handler: 'handler.handler',
  }),
  'TestLambdaErrors.test_lambda_handler_exit': failing({
    files: { 'handler.py': 'import sys\ndef handler(event, context):\n    sys.exit(0)\n' },
    Handler: 'handler.handler',
  }),
  'TestLambdaErrors.test_lambda_handler_error': failing({
    files: { 'lambda_handler_error.py': 'def handler(event, context):\n    raise Exception("Handler fails")\n' },
    Handler: 'lambda_handler_error.handler',
  }),
  'TestLambdaBaseFeatures.test_lambda_too_large_response': tooLarge,
  'TestLambdaBaseFeatures.test_lambda_large_response': large,
  'TestLambdaBaseFeatures.test_assume_role[2]': async (stage) => {
    const program = `import os
def handler(event, context):
    return {"accessKeyId": os.environ["AWS_ACCESS_KEY_ID"], "secretAccessKey": os.environ["AWS_SECRET_ACCESS_KEY"], "sessionToken": os.environ["AWS_SESSION_TOKEN"]}
`;
    await created(stage, FunctionName, { ...python(program), Role: 'arn:aws:iam::111111111111:role/lambda-autogenerated-0123' });
    const { Payload: answer } = await stage.api.invoke({ FunctionName, Payload });
    const credentials = JSON.parse(Buffer.from(answer ?? []).toString('utf8')) as {
      accessKeyId: string;
      secretAccessKey: string;
    };
    const { Arn } = await stage
      .neighbour(new STSClient({ ...stage.settings, credentials }))
      .send(new GetCallerIdentityCommand({}));
    stage.match('invoke-result-assumed-role-arn', Arn);
  },
  'TestRequestIdHandling.test_request_id_invoke': requestId,
  'TestRequestIdHandling.test_request_id_invoke_url': requestIdOfUrl,
  'TestRequestIdHandling.test_request_id_format': async (stage) => {
    const { $metadata } = await stage.api.listFunctions({});
    stage.same('form', /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test($metadata.requestId ?? ''), true);
  },
  'TestLambdaConcurrency.test_reserved_concurrency': reservedConcurrency,
  'TestLambdaVersions.test_function_update_during_invoke': updatedWhileRunning,
  'TestLambdaMultiAccounts.test_get_function': byArn('getFunction'),
  'TestLambdaMultiAccounts.test_get_function_configuration': byArn('getFunctionConfiguration'),
};
