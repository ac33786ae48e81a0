import { suite, test, type TestContext } from 'node:test';
import { javaScriptPattern, type Model } from './constraints.ts';
import { loadApi, type ServiceName } from './index.ts';
import { serviceInfo, serviceNames } from './services.ts';

/** What the service says of an input; undefined when nothing is wrong. */
async function complaint(service: ServiceName, operationName: string, input: object): Promise<string | undefined> {
  const api = await loadApi(service);
  const operation = api.operations.get(operationName);
  if (operation === undefined) throw new Error(`no operation ${operationName}`);
  try {
    api.validate(operation, input);
    return undefined;
  } catch (fault) {
    return (fault as Error).message.replace(/^1 validation error detected: /, '');
  }
}

const arnPattern =
  'arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:(function:[a-zA-Z0-9-_]+(:(\\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)';
const layerPattern =
  '(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)';
const layer = 'arn:aws:lambda:us-east-1:111111111111:layer:l';
const weights = (entries: object): object => ({
  FunctionName: 'f',
  Name: 'a',
  FunctionVersion: '1',
  RoutingConfig: { AdditionalVersionWeights: entries },
});
const create = { FunctionName: 'f', Role: 'arn:aws:iam::111111111111:role/r', Code: {}, Runtime: 'nodejs24.x', Handler: 'i.h' };
const weightTexts =
  'Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null';
const failed = 'failed to satisfy constraint:';
const pattern = 'Member must satisfy regular expression pattern:';

/** Answers recorded from the services, with plain names put in. @source spec 9.1, 9.2 */
const recorded: readonly (readonly [ServiceName, string, object, string])[] = [
  [
    'lambda',
    'AddLayerVersionPermission',
    { LayerName: 'l', VersionNumber: 1, StatementId: 's', Action: '*', Principal: '*' },
    `Value '*' at 'action' ${failed} ${pattern} lambda:GetLayerVersion`,
  ],
  [
    'lambda',
    'AddPermission',
    { FunctionName: 'f', StatementId: 'example.com', Action: 'lambda:InvokeFunction', Principal: '*' },
    `Value 'example.com' at 'statementId' ${failed} ${pattern} ([a-zA-Z0-9-_]+)`,
  ],
  [
    'lambda',
    'ListLayers',
    { CompatibleArchitecture: 'archdoesnotexist' },
    `Value 'archdoesnotexist' at 'compatibleArchitecture' ${failed} Member must satisfy enum value set: [x86_64, arm64]`,
  ],
  [
    'lambda',
    'ListLayers',
    { CompatibleRuntime: 'runtimedoesnotexist' },
    `Value 'runtimedoesnotexist' at 'compatibleRuntime' ${failed} Member must satisfy enum value set: [ruby3.5, ruby2.6, dotnetcore1.0, python3.7, nodejs8.10, nasa, ruby2.7, python2.7-greengrass, dotnetcore2.0, python3.8, java21, dotnet6, dotnetcore2.1, python3.9, java11, nodejs6.10, provided, dotnetcore3.1, dotnet8, java25, java17, nodejs, nodejs4.3, java8.al2, go1.x, dotnet10, nodejs20.x, go1.9, byol, nodejs10.x, provided.al2023, nodejs22.x, python3.10, java8, nodejs12.x, python3.11, nodejs24.x, nodejs8.x, python3.12, nodejs14.x, nodejs8.9, nodejs26.x, python3.13, python3.14, nodejs16.x, python3.15, provided.al2, nodejs4.3-edge, nodejs18.x, ruby3.2, python3.4, ruby3.3, ruby3.4, ruby2.5, python3.6, python2.7]`,
  ],
  [
    'lambda',
    'ListTags',
    { Resource: 'arn:aws:something' },
    `Value 'arn:aws:something' at 'resource' ${failed} ${pattern} ${arnPattern}`,
  ],
  ['lambda', 'GetLayerVersionByArn', { Arn: layer }, `Value '${layer}' at 'arn' ${failed} ${pattern} ${layerPattern}`],
  [
    'lambda',
    'CreateFunction',
    { ...create, Layers: [layer] },
    `Value '[${layer}]' at 'layers' ${failed} Member must satisfy constraint: [Member must have length less than or equal to 2048, Member must have length greater than or equal to 1, ${pattern} ${layerPattern}, Member must not be null]`,
  ],
  [
    'lambda',
    'ListFunctions',
    { FunctionVersion: 'invalid' },
    `Value 'invalid' at 'functionVersion' ${failed} Member must satisfy enum value set: [ALL]`,
  ],
  [
    'lambda',
    'CreateEventSourceMapping',
    { FunctionName: 'f', StartingPosition: 'invalid' },
    `Value 'invalid' at 'startingPosition' ${failed} Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]`,
  ],
  [
    'lambda',
    'GetFunction',
    { FunctionName: 'f', Qualifier: 'invalid-qualifier-with-?-char' },
    `Value 'invalid-qualifier-with-?-char' at 'qualifier' ${failed} ${pattern} \\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+`,
  ],
  [
    'lambda',
    'CreateFunction',
    { ...create, SnapStart: { ApplyOn: 'invalidOption' } },
    `Value 'invalidOption' at 'snapStart.applyOn' ${failed} Member must satisfy enum value set: [PublishedVersions, None]`,
  ],
  [
    'lambda',
    'CreateAlias',
    weights({ $LATEST: 0.5 }),
    `Value '{$LATEST=0.5}' at 'routingConfig.additionalVersionWeights' ${failed} Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, ${pattern} [0-9]+]`,
  ],
  [
    'lambda',
    'CreateAlias',
    weights({ 2: 2 }),
    `Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' ${failed} Map value must satisfy constraint: [${weightTexts}]`,
  ],
  [
    'lambda',
    'CreateAlias',
    weights({ 2: -1 }),
    `Value '{2=-1.0}' at 'routingConfig.additionalVersionWeights' ${failed} Map value must satisfy constraint: [${weightTexts}]`,
  ],
  [
    'lambda',
    'CreateFunction',
    { ...create, VpcConfig: { SubnetIds: ['bad_1'] } },
    `Value '[bad_1]' at 'vpcConfig.subnetIds' ${failed} Member must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 0, ${pattern} subnet-[0-9a-z]*]`,
  ],
  [
    'lambda',
    'UntagResource',
    { Resource: 'arn:aws:lambda:us-east-1:111111111111:function:f' },
    `Value null at 'tagKeys' ${failed} Member must not be null`,
  ],
  [
    'sts',
    'AssumeRole',
    { RoleArn: 'arn:aws:iam::111111111111:role/r', RoleSessionName: 'Session1:2' },
    `Value 'Session1:2' at 'roleSessionName' ${failed} ${pattern} [\\w+=,.@-]*`,
  ],
  [
    'logs',
    'FilterLogEvents',
    { logGroupName: 'g', limit: 10001 },
    `Value '10001' at 'limit' ${failed} Member must have value less than or equal to 10000`,
  ],
];

suite('the constraints of the model', () => {
  for (const [service, operation, input, text] of recorded) {
    test(`${service} ${operation} says ${text.slice(0, 70)}…`, async (t: TestContext) => {
      t.assert.strictEqual(await complaint(service, operation, input), text);
    });
  }

  test('ordinary inputs pass', async (t: TestContext) => {
    t.assert.strictEqual(
      await complaint('lambda', 'CreateFunction', { ...create, MemorySize: 128, Timeout: 900, Layers: [`${layer}:1`] }),
      undefined,
    );
    t.assert.strictEqual(
      await complaint('lambda', 'Invoke', { FunctionName: 'arn:aws:lambda:us-east-1:000000000000:function:f:live' }),
      undefined,
    );
    t.assert.strictEqual(await complaint('lambda', 'CreateAlias', weights({ 2: 1 })), undefined);
    t.assert.strictEqual(await complaint('lambda', 'ListLayers', { CompatibleRuntime: 'nodejs24.x' }), undefined);
    t.assert.strictEqual(
      await complaint('iam', 'CreateRole', { RoleName: 'r', AssumeRolePolicyDocument: '{}', Path: '/service-role/' }),
      undefined,
    );
    t.assert.strictEqual(await complaint('logs', 'CreateLogGroup', { logGroupName: '/aws/lambda/f' }), undefined);
  });

  test('absent members are told in one message', async (t: TestContext) => {
    t.assert.strictEqual(
      await complaint('logs', 'CreateDelivery', {}),
      `2 validation errors detected: Value null at 'deliverySourceName' ${failed} Member must not be null; Value null at 'deliveryDestinationArn' ${failed} Member must not be null`,
    );
  });

  test('an unknown runtime is left to the handler, which has another text for it', async (t: TestContext) => {
    t.assert.strictEqual(await complaint('lambda', 'CreateFunction', { ...create, Runtime: 'cobol1.x' }), undefined);
  });

  test('every pattern of every model compiles, and none is slow on hostile text', async (t: TestContext) => {
    const hostile = ['a', '/', ' ', 'a.', 'a-', '1', 'a@', 'a/', ':'].flatMap((piece) => [
      `${piece.repeat(20_000)}!`,
      `arn:aws:lambda:${piece.repeat(20_000)}\n`,
    ]);
    for (const service of serviceNames) {
      const model = (await serviceInfo(service).model()) as Model;
      for (const [name, { pattern: source }] of Object.entries(model.simple)) {
        if (source === undefined) continue;
        const compiled = new RegExp(`^(?:${javaScriptPattern(source)})$`, 'su');
        const before = process.cpuUsage();
        for (const text of hostile) compiled.test(text);
        // Backtracking over twenty thousand characters would take minutes.
        t.assert.ok(process.cpuUsage(before).user < 2_000_000, `${service} ${name} is slow: ${source}`);
      }
    }
  });
});
