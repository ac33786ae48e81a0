/** A REST API as it is served: made in memory from the records, again after a change. */
export interface RestApi {
  readonly id: string;
  readonly account: string;
  readonly region: string;
  /** disableExecuteApiEndpoint */
  readonly closed: boolean;
  readonly stages: ReadonlyMap<string, RestStage>;
}
export interface RestStage {
  readonly name: string;
  readonly deploymentId: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Where a line for each request goes, and what stands in it. */
  readonly accessLog?: { readonly logGroup: string; readonly format: string };
  readonly definition: RestDefinition;
}
/** What a deployment holds. */
export interface RestDefinition {
  readonly name: string;
  readonly apiKeySource: 'HEADER' | 'AUTHORIZER';
  readonly binaryMediaTypes: readonly string[];
  readonly minimumCompressionSize?: number;
  /** Resource policy, JSON. */
  readonly policy?: string;
  readonly resources: readonly RestResource[];
  /** By response type: `DEFAULT_4XX`, `UNAUTHORIZED`, … */
  readonly gatewayResponses: Readonly<Record<string, RestGatewayResponse>>;
  /** JSON Schemas by model name. */
  readonly models: Readonly<Record<string, string>>;
}
export interface RestGatewayResponse {
  readonly statusCode?: string;
  readonly responseParameters: Readonly<Record<string, string>>;
  readonly responseTemplates: Readonly<Record<string, string>>;
}
export interface RestResource {
  readonly id: string;
  /** `/pets/{id}` */ readonly path: string;
  /** By HTTP method; `ANY` among them. */ readonly methods: Readonly<Record<string, RestMethod>>;
}
export interface RestMethod {
  readonly httpMethod: string;
  readonly authorization: 'NONE' | 'AWS_IAM' | 'CUSTOM' | 'COGNITO_USER_POOLS';
  readonly authorizer?: RestAuthorizer;
  readonly scopes: readonly string[];
  readonly apiKeyRequired: boolean;
  readonly operationName?: string;
  /** `method.request.header.x` → required */
  readonly requestParameters: Readonly<Record<string, boolean>>;
  readonly requestModels: Readonly<Record<string, string>>;
  readonly validator?: { readonly body: boolean; readonly parameters: boolean };
  readonly integration?: RestIntegration;
  /** By status code. */
  readonly responses: Readonly<
    Record<string, { readonly parameters: Readonly<Record<string, boolean>>; readonly models: Readonly<Record<string, string>> }>
  >;
}
export interface RestAuthorizer {
  readonly id: string;
  readonly name: string;
  readonly type: 'TOKEN' | 'REQUEST' | 'COGNITO_USER_POOLS';
  readonly uri?: string;
  readonly credentials?: string;
  readonly identitySource: readonly string[];
  readonly identityValidation?: string;
  readonly ttlMs: number;
  readonly providerArns: readonly string[];
}
export interface RestIntegration {
  readonly type: 'AWS' | 'AWS_PROXY' | 'HTTP' | 'HTTP_PROXY' | 'MOCK';
  readonly uri: string;
  readonly httpMethod: string;
  readonly credentials?: string;
  readonly requestParameters: Readonly<Record<string, string>>;
  readonly requestTemplates: Readonly<Record<string, string>>;
  readonly passthrough: 'WHEN_NO_MATCH' | 'WHEN_NO_TEMPLATES' | 'NEVER';
  readonly contentHandling?: 'CONVERT_TO_BINARY' | 'CONVERT_TO_TEXT';
  readonly timeoutMs: number;
  readonly responses: readonly {
    readonly statusCode: string;
    /** '' = default */ readonly selectionPattern: string;
    readonly parameters: Readonly<Record<string, string>>;
    readonly templates: Readonly<Record<string, string>>;
    readonly contentHandling?: 'CONVERT_TO_BINARY' | 'CONVERT_TO_TEXT';
  }[];
}
export interface RestApis {
  find(id: string): RestApi | undefined;
  /** Where a custom domain name leads; the longest base path wins. Undefined = none of ours. */
  domain(host: string): readonly { readonly basePath: string; readonly apiId: string; readonly stage: string }[] | undefined;
  /** Whether a key's value opens a stage: it is enabled and in a usage plan of that stage. */
  key(value: string, apiId: string, stage: string): { readonly id: string; readonly planId: string } | undefined;
}
