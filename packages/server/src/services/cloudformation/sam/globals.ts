import { InvalidPart } from './faults.ts';
import { isIntrinsic, isMap, own, printed, type Fields } from './values.ts';

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** What a document may say once for all its resources of a type. */
const sections: Readonly<Record<string, readonly string[]>> = {
  Api: words(`Auth Name DefinitionUri CacheClusterEnabled CacheClusterSize MergeDefinitions Variables EndpointConfiguration
    MethodSettings BinaryMediaTypes MinimumCompressionSize Cors GatewayResponses AccessLogSetting CanarySetting TracingEnabled
    OpenApiVersion Domain AlwaysDeploy PropagateTags SecurityPolicy EndpointAccessMode`),
  CapacityProvider: [],
  Function: words(`Handler Runtime CodeUri DeadLetterQueue Description MemorySize Timeout VpcConfig Environment Tags PropagateTags
    Tracing KmsKeyArn AutoPublishAlias AutoPublishAliasAllProperties Layers DeploymentPreference RolePath PermissionsBoundary
    ReservedConcurrentExecutions ProvisionedConcurrencyConfig AssumeRolePolicyDocument EventInvokeConfig FileSystemConfigs
    CodeSigningConfigArn Architectures SnapStart EphemeralStorage FunctionUrlConfig RuntimeManagementConfig LoggingConfig
    RecursiveLoop SourceKMSKeyArn TenancyConfig DurableConfig CapacityProviderConfig FunctionScalingConfig
    PublishToLatestPublished VersionDeletionPolicy`),
  HttpApi: words(`Auth AccessLogSettings StageVariables Tags CorsConfiguration DefaultRouteSettings Domain RouteSettings
    FailOnWarnings PropagateTags`),
  LayerVersion: ['PublishLambdaVersion'],
  MicrovmImage: [],
  NetworkConnector: [],
  SimpleTable: ['SSESpecification'],
  StateMachine: ['PropagateTags'],
  WebSocketApi: [],
};

const invalid = (text: string): InvalidPart => new InvalidPart(`'Globals' section is invalid. ${text}`);

/** @throws InvalidPart */
export function readGlobals(globals: unknown): Readonly<Record<string, Fields>> {
  if (globals === undefined) return {};
  if (!isMap(globals)) throw invalid('It must be a non-empty dictionary');
  return Object.fromEntries(
    Object.entries(globals).map(([name, section]) => {
      const known = own(sections, name);
      if (known === undefined)
        throw invalid(`'${name}' is not supported. Must be one of the following values - ${printed(Object.keys(sections))}`);
      if (!isMap(section)) throw invalid('Value of ${section} must be a dictionary');
      const unknown = Object.keys(section).find((property) => !known.includes(property));
      if (unknown !== undefined) {
        const list = printed(known);
        throw invalid(`'${unknown}' is not a supported property of '${name}'. Must be one of the following values - ${list}`);
      }
      return [`AWS::Serverless::${name}`, section];
    }),
  );
}

/** Lists that a resource replaces as a whole. */
const replaced = new Set(['Architectures']);

/** What a resource says itself over what the document says for all: maps are merged, lists joined, other values replaced. */
export function withGlobals(local: unknown, globals: unknown): unknown {
  if (local === undefined || local === null) return globals;
  if (Array.isArray(local) && Array.isArray(globals)) return [...(globals as unknown[]), ...(local as unknown[])];
  if (!isMap(local) || !isMap(globals) || isIntrinsic(local) || isIntrinsic(globals)) return local;
  const names = new Set([...Object.keys(globals), ...Object.keys(local)]);
  return Object.fromEntries(
    [...names].map((name) => [
      name,
      replaced.has(name) ? (local[name] ?? globals[name]) : withGlobals(local[name], globals[name]),
    ]),
  );
}
