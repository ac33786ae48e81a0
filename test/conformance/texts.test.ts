import { after, before, suite, test, type TestContext } from 'node:test';
import type { Lambda } from '@aws-sdk/client-lambda';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { zipOf } from '../kit/zip.ts';
import { created, given } from './kit/functions.ts';
import { Stage } from './kit/stage.ts';

const fn = 'fn';
const FunctionName = fn;
const region = 'us-texts-1';
const functionArn = `arn:aws:lambda:${region}:111111111111:function:fn`;
const queueArn = `arn:aws:sqs:${region}:111111111111:queue`;
const violated = (value: string, at: string, constraint: string): string =>
  `1 validation error detected: Value '${value}' at '${at}' failed to satisfy constraint: ${constraint}`;
const pattern = (value: string, at: string, source: string): string =>
  violated(value, at, `Member must satisfy regular expression pattern: ${source}`);
const oneOf = (value: string, at: string, allowed: string): string =>
  violated(value, at, `Member must satisfy enum value set: [${allowed}]`);

type Row = readonly [row: string, call: (api: Lambda) => Promise<object>, code: string, text: string | RegExp];
const bad = 'ValidationException';
const invalid = 'InvalidParameterValueException';
const conflict = 'ResourceConflictException';
const missing = 'ResourceNotFoundException';

const creation = async (api: Lambda, options: object): Promise<object> => api.createFunction(await given('other', options));

/** Rows of the specification's tables of errors that no recorded scenario reaches. */
const rows: readonly Row[] = [
  [
    '9.2-03',
    (api) => api.getFunctionUrlConfig({ FunctionName, Qualifier: '1' }),
    bad,
    pattern('1', 'qualifier', String.raw`((?!^\d+$)^[0-9a-zA-Z-_]+$)`),
  ],
  [
    '9.2-03',
    (api) => api.createFunctionUrlConfig({ FunctionName, Qualifier: '$LATEST', AuthType: 'NONE' }),
    bad,
    pattern('$LATEST', 'qualifier', String.raw`((?!^\d+$)^[0-9a-zA-Z-_]+$)`),
  ],
  [
    '9.2-05',
    (api) => api.createAlias({ FunctionName, Name: '1', FunctionVersion: '1' }),
    bad,
    pattern('1', 'name', String.raw`(?!^[0-9]+$)([a-zA-Z0-9-_]+)`),
  ],
  [
    '9.2-07',
    (api) => api.putProvisionedConcurrencyConfig({ FunctionName, Qualifier: '1', ProvisionedConcurrentExecutions: 0 }),
    bad,
    violated('0', 'provisionedConcurrentExecutions', 'Member must have value greater than or equal to 1'),
  ],
  [
    '9.2-08',
    (api) => creation(api, { Role: 'r1' }),
    bad,
    pattern('r1', 'role', String.raw`arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`),
  ],
  [
    '9.2-09',
    (api) => creation(api, { Architectures: ['X86_64'] }),
    bad,
    violated(
      '[X86_64]',
      'architectures',
      'Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]',
    ),
  ],
  [
    '9.2-09',
    (api) => creation(api, { Architectures: ['x86_64', 'arm64'] }),
    bad,
    violated('[x86_64, arm64]', 'architectures', 'Member must have length less than or equal to 1'),
  ],
  [
    '9.2-10',
    (api) => api.putFunctionRecursionConfig({ FunctionName, RecursiveLoop: 'Sometimes' as never }),
    bad,
    oneOf('Sometimes', 'recursiveLoop', 'Terminate, Allow'),
  ],
  [
    '9.2-10',
    (api) => api.createFunctionUrlConfig({ FunctionName, AuthType: 'NONE', InvokeMode: 'UNKNOWN' as never }),
    bad,
    oneOf('UNKNOWN', 'invokeMode', 'RESPONSE_STREAM, BUFFERED'),
  ],
  [
    '9.3-02',
    (api) => creation(api, { Runtime: 'non-existent-runtime' }),
    invalid,
    /^Value non-existent-runtime at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \[nodejs20\.x, python3\.14, .*\] or be a valid ARN$/,
  ],
  [
    '9.3-02',
    (api) => api.updateFunctionConfiguration({ FunctionName, Runtime: 'python9.9' as never }),
    invalid,
    /^Value python9\.9 at 'runtime' failed to satisfy constraint: .* or be a valid ARN$/,
  ],
  [
    '9.3-03',
    (api) => api.updateFunctionConfiguration({ FunctionName, Runtime: 'python3.7' }),
    invalid,
    /^The runtime parameter of python3\.7 is no longer supported for creating or updating AWS Lambda functions\./,
  ],
  [
    '9.3-04',
    (api) => creation(api, { Code: { ZipFile: Buffer.from('no zip') } }),
    invalid,
    'Could not unzip uploaded file. Please check your file, then try to upload again.',
  ],
  [
    '9.3-04',
    (api) => api.updateFunctionCode({ FunctionName, ZipFile: Buffer.from('no zip') }),
    invalid,
    'Could not unzip uploaded file. Please check your file, then try to upload again.',
  ],
  [
    '9.3-07',
    (api) => api.updateFunctionCode({ FunctionName, ImageUri: '111111111111.dkr.ecr.us-east-1.amazonaws.com/a:b' }),
    invalid,
    "Please don't provide ImageUri when updating a function with packageType Zip.",
  ],
  [
    '9.3-09',
    (api) => creation(api, { Environment: { Variables: { AWS_REGION: 'x' } } }),
    invalid,
    'Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION',
  ],
  [
    '9.3-14',
    (api) =>
      creation(api, { Layers: [1, 2, 3, 4, 5, 6].map((number) => `arn:aws:lambda:${region}:111111111111:layer:l${number}:1`) }),
    invalid,
    'Cannot reference more than 5 layers.',
  ],
  [
    '9.3-20',
    (api) => api.updateFunctionCode({ FunctionName: `${functionArn}:1`, ZipFile: Buffer.from('') }),
    invalid,
    /^This operation is permitted on Lambda functions only\./,
  ],
  [
    '9.3-20',
    (api) => api.publishVersion({ FunctionName: `${functionArn}:1` }),
    invalid,
    /^This operation is permitted on Lambda functions only\./,
  ],
  [
    '9.3-20',
    (api) => api.updateFunctionConfiguration({ FunctionName: 'fn:1' }),
    invalid,
    /^This operation is permitted on Lambda functions only\./,
  ],
  [
    '9.3-24',
    (api) => api.publishVersion({ FunctionName, CodeSha256: 'x' }),
    invalid,
    /^CodeSHA256 \(x\) is different from current CodeSHA256 in \$LATEST \([\w+/=]+\)\. Please try again with the CodeSHA256 in \$LATEST\.$/,
  ],
  [
    '9.3-26',
    (api) => api.putFunctionConcurrency({ FunctionName, ReservedConcurrentExecutions: 1000 }),
    invalid,
    "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
  ],
  [
    '9.3-27',
    (api) => api.putProvisionedConcurrencyConfig({ FunctionName, Qualifier: '$LATEST', ProvisionedConcurrentExecutions: 1 }),
    invalid,
    'Provisioned Concurrency Configs cannot be applied to unpublished function versions.',
  ],
  [
    '9.3-27',
    (api) => api.getProvisionedConcurrencyConfig({ FunctionName, Qualifier: '$LATEST' }),
    invalid,
    'The function resource provided must be an alias or a published version.',
  ],
  [
    '9.3-27',
    (api) => api.deleteProvisionedConcurrencyConfig({ FunctionName, Qualifier: '$LATEST' }),
    invalid,
    'The function resource provided must be an alias or a published version.',
  ],
  ['9.3-30', (api) => api.createEventSourceMapping({ FunctionName: 'nobody' }), invalid, 'Unrecognized event source.'],
  [
    '9.4-06',
    (api) => api.getProvisionedConcurrencyConfig({ FunctionName, Qualifier: '10' }),
    missing,
    `Function not found: ${functionArn}:10`,
  ],
  [
    '9.4-07',
    (api) => api.getProvisionedConcurrencyConfig({ FunctionName, Qualifier: 'none' }),
    missing,
    `Cannot find alias arn: ${functionArn}:none`,
  ],
  [
    '9.4-11',
    (api) => api.getProvisionedConcurrencyConfig({ FunctionName, Qualifier: '1' }),
    'ProvisionedConcurrencyConfigNotFoundException',
    'No Provisioned Concurrency Config found for this function',
  ],
  [
    '9.3-30',
    (api) => api.createEventSourceMapping({ FunctionName: 'nobody', EventSourceArn: queueArn }),
    invalid,
    'Function does not exist',
  ],
  [
    '9.3-30',
    (api) => api.createEventSourceMapping({ FunctionName, EventSourceArn: `arn:aws:iam::111111111111:role/r` }),
    invalid,
    'Unrecognized event source.',
  ],
  ['9.3-30', (api) => api.createEventSourceMapping({ FunctionName }), invalid, 'Unrecognized event source.'],
  [
    '9.3-30',
    (api) =>
      api.createEventSourceMapping({
        FunctionName,
        EventSourceArn: `arn:aws:dynamodb:${region}:111111111111:table/t/stream/2026-01-01T00:00:00.000`,
        StartingPosition: 'LATEST',
      }),
    invalid,
    `Stream not found: arn:aws:dynamodb:${region}:111111111111:table/t/stream/2026-01-01T00:00:00.000`,
  ],
  [
    '9.3-30',
    (api) =>
      api.createEventSourceMapping({
        FunctionName,
        EventSourceArn: queueArn,
        DestinationConfig: { OnFailure: { Destination: queueArn } },
      }),
    invalid,
    'Unsupported DestinationConfig parameter for given event source mapping type.',
  ],
  [
    '9.3-30',
    (api) =>
      api.createEventSourceMapping({
        FunctionName,
        EventSourceArn: queueArn,
        FilterCriteria: { Filters: [{ Pattern: '{"a":"b"}' }] },
      }),
    invalid,
    'Invalid filter pattern definition.',
  ],
  [
    '9.3-30',
    (api) =>
      api.createEventSourceMapping({
        FunctionName,
        SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['a:9092'] } },
        Topics: ['topic'],
        StartingPosition: 'LATEST',
      }),
    invalid,
    "Required 'sourceAccessConfigurations' parameter is missing.",
  ],
  [
    '9.3-32',
    (api) => api.createEventSourceMapping({ FunctionName: 'slow', EventSourceArn: queueArn }),
    invalid,
    'Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds',
  ],
  ['9.4-01', async (api) => api.createFunction(await given(fn)), conflict, 'Function already exist: fn'],
  [
    '9.4-02',
    (api) => api.createAlias({ FunctionName, Name: 'live', FunctionVersion: '1' }),
    conflict,
    `Alias already exists: ${functionArn}:live`,
  ],
  [
    '9.4-03',
    (api) => api.createEventSourceMapping({ FunctionName, EventSourceArn: queueArn }),
    conflict,
    /^An event source mapping with SQS arn \(" arn:aws:sqs:us-texts-1:111111111111:queue "\) and function \(" fn "\) already exists\. Please update or delete the existing mapping with UUID [0-9a-f-]{36}$/,
  ],
  [
    '9.4-04',
    (api) => api.createFunctionUrlConfig({ FunctionName, AuthType: 'NONE' }),
    conflict,
    `Failed to create function url config for [functionArn = ${functionArn}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
  ],
  [
    '9.4-07',
    (api) => api.createFunctionUrlConfig({ FunctionName: 'nobody', AuthType: 'NONE' }),
    missing,
    'Function does not exist',
  ],
  [
    '9.4-07',
    (api) => api.createFunctionUrlConfig({ FunctionName, Qualifier: 'none', AuthType: 'NONE' }),
    missing,
    'Function does not exist',
  ],
  [
    '9.4-07',
    (api) => api.getFunctionUrlConfig({ FunctionName: 'nobody' }),
    missing,
    'The resource you requested does not exist.',
  ],
  [
    '9.4-07',
    (api) => api.updateFunctionUrlConfig({ FunctionName: 'nobody', AuthType: 'NONE' }),
    missing,
    'The resource you requested does not exist.',
  ],
  [
    '9.4-07',
    (api) => api.deleteFunctionUrlConfig({ FunctionName: 'nobody' }),
    missing,
    'The resource you requested does not exist.',
  ],
  [
    '9.4-07',
    (api) => api.getEventSourceMapping({ UUID: '01234567-0123-0123-0123-0123456789ab' }),
    missing,
    'The resource you requested does not exist.',
  ],
  [
    '9.4-07',
    (api) => api.updateEventSourceMapping({ UUID: '01234567-0123-0123-0123-0123456789ab', Enabled: true }),
    missing,
    'The resource you requested does not exist.',
  ],
  [
    '9.4-07',
    (api) => api.deleteEventSourceMapping({ UUID: '01234567-0123-0123-0123-0123456789ab' }),
    missing,
    'The resource you requested does not exist.',
  ],
  ['9.4-07', (api) => api.updateAlias({ FunctionName, Name: 'none' }), missing, `Alias not found: ${functionArn}:none`],
  [
    '9.4-06',
    (api) => api.listVersionsByFunction({ FunctionName: 'nobody' }),
    missing,
    `Function not found: ${functionArn.replace(/fn$/, 'nobody')}`,
  ],
  [
    '9.4-06',
    (api) => api.publishVersion({ FunctionName: 'nobody' }),
    missing,
    `Function not found: ${functionArn.replace(/fn$/, 'nobody')}`,
  ],
  [
    '9.4-06',
    (api) => api.listAliases({ FunctionName: 'nobody' }),
    missing,
    `Function not found: ${functionArn.replace(/fn$/, 'nobody')}`,
  ],
  [
    '9.4-06',
    (api) => api.getFunctionConcurrency({ FunctionName: 'nobody' }),
    missing,
    `Function not found: ${functionArn.replace(/fn$/, 'nobody')}`,
  ],
  [
    '9.4-06',
    (api) => api.deleteFunctionConcurrency({ FunctionName: 'nobody' }),
    missing,
    `Function not found: ${functionArn.replace(/fn$/, 'nobody')}`,
  ],
  [
    '9.4-06',
    (api) => api.updateFunctionConfiguration({ FunctionName: 'nobody', Timeout: 5 }),
    missing,
    `Function not found: ${functionArn.replace(/fn$/, 'nobody')}`,
  ],
  [
    '9.4-06',
    async (api) => api.updateFunctionCode({ FunctionName: 'nobody', ZipFile: await zipOf({ a: 'b' }) }),
    missing,
    `Function not found: ${functionArn.replace(/fn$/, 'nobody')}`,
  ],
  [
    '9.4-07',
    (api) => api.getFunctionConfiguration({ FunctionName: functionArn.replace(region, 'eu-west-1') }),
    missing,
    `Functions from 'eu-west-1' are not reachable in this region ('${region}')`,
  ],
  [
    '9.4-08',
    (api) => api.updateFunctionConfiguration({ FunctionName, RevisionId: 'x' }),
    'PreconditionFailedException',
    /Call the GetFunction\/GetAlias API to retrieve the latest Revision Id$/,
  ],
  [
    '9.4-08',
    (api) => api.updateAlias({ FunctionName, Name: 'live', RevisionId: 'x' }),
    'PreconditionFailedException',
    /Call the GetFunction\/GetAlias API to retrieve the latest Revision Id$/,
  ],
  [
    '9.4-09',
    (api) => creation(api, { Code: { ZipFile: new Uint8Array(51 * 1024 * 1024) } }),
    'RequestEntityTooLargeException',
    /^(Zipped size must be smaller than 52428800 bytes|Request must be smaller than 70167211 bytes for the CreateFunction operation)$/,
  ],
  [
    '9.4-12',
    (api) => api.invoke({ FunctionName, Payload: Buffer.from('{') }),
    'InvalidRequestContentException',
    /^Could not parse request body into json: /,
  ],
  [
    '9.3-21',
    (api) => api.deleteFunction({ FunctionName, Qualifier: '$LATEST' }),
    invalid,
    '$LATEST version cannot be deleted without deleting the function.',
  ],
];

suite('error texts of Lambda', { timeout: 120_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let server: RunningServer;
  let stage: Stage;

  before(async () => {
    folder = temporaryFolder();
    server = await RunningServer.start(folder.path, ['--unavailable-runtimes', 'accept', '--log-level', 'error']);
    stage = new Stage({ origin: server.origin, region, recording: { recorded: '', answers: {} } });
    await created(stage, fn);
    await created(stage, 'slow', { Timeout: 60 });
    const { api } = stage;
    await api.publishVersion({ FunctionName });
    await api.createAlias({ FunctionName, Name: 'live', FunctionVersion: '1' });
    await api.createFunctionUrlConfig({ FunctionName, AuthType: 'NONE' });
    await stage.neighbour(new SQSClient(stage.settings)).send(new CreateQueueCommand({ QueueName: 'queue' }));
    await api.createEventSourceMapping({ FunctionName, EventSourceArn: queueArn });
  });
  after(async () => {
    stage[Symbol.dispose]();
    await server.stop();
    folder[Symbol.dispose]();
  });

  for (const [number, [row, call, code, text]] of rows.entries()) {
    test(`${row} (${number}): ${code} ${String(text).slice(0, 80)}`, async (t: TestContext) => {
      const { Error: error } = (await stage.answer(call(stage.api))) as { Error?: { Code: string; Message: string } };
      t.assert.equal(error?.Code, code, JSON.stringify(error));
      if (typeof text === 'string') t.assert.equal(error?.Message, text);
      else t.assert.match(error?.Message ?? '', text);
    });
  }
});
