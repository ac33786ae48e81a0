import { pathsOf, within } from './desk.ts';
import { plainTemplates } from './gateway-response-handlers.ts';
import { byName } from './pages.ts';
import type {
  RestApi,
  RestApis,
  RestAuthorizer,
  RestDefinition,
  RestIntegration,
  RestMethod,
  RestResource,
  RestStage,
} from './port.ts';
import type {
  ApiRecord,
  AuthorizerRecord,
  Definition,
  IntegrationRecord,
  KeyRecord,
  MethodRecord,
  PlanRecord,
  RestRecords,
} from './records.ts';

type Targets = NonNullable<ReturnType<RestApis['domain']>>;

/** What the records come to for those who serve: made when first asked for, and again after a change. */
export class ServedRestApis implements RestApis {
  readonly #records: RestRecords;
  readonly #apis = new Map<string, RestApi>();
  #domains: ReadonlyMap<string, Targets> | undefined;
  #keys: ReadonlyMap<string, readonly { readonly key: KeyRecord; readonly plans: readonly PlanRecord[] }[]> | undefined;

  constructor(records: RestRecords) {
    this.#records = records;
  }

  /** @param apiId  of the API that changed; absent = something of the account */
  forget(apiId: string | undefined): void {
    if (apiId !== undefined) this.#apis.delete(apiId);
    this.#domains = undefined;
    this.#keys = undefined;
  }

  find(id: string): RestApi | undefined {
    const known = this.#apis.get(id);
    if (known !== undefined) return known;
    for (const { name, value } of this.#records.all('api')) {
      if (name !== id) continue;
      const made = this.#make(value);
      this.#apis.set(id, made);
      return made;
    }
    return undefined;
  }

  domain(host: string): Targets | undefined {
    this.#domains ??= this.#allDomains();
    return this.#domains.get(host) ?? this.#domains.get(`*${host.slice(host.indexOf('.'))}`);
  }

  key(value: string, apiId: string, stage: string): { readonly id: string; readonly planId: string } | undefined {
    this.#keys ??= this.#allKeys();
    for (const { key, plans } of this.#keys.get(value) ?? []) {
      const plan = plans.find(
        ({ apiStages }) => apiStages?.some((each) => each.apiId === apiId && each.stage === stage) === true,
      );
      if (plan !== undefined) return { id: key.id, planId: plan.id };
    }
    return undefined;
  }

  #allDomains(): ReadonlyMap<string, Targets> {
    return new Map(
      [...this.#records.all('domain')].map(({ scope, name }) => [
        name,
        this.#records
          .list('mapping', scope)
          .filter(({ domain }) => domain === name)
          .toSorted((a, b) => b.basePath.length - a.basePath.length)
          .map(({ basePath, apiId, stage = '' }) => ({ basePath, apiId, stage })),
      ]),
    );
  }

  #allKeys() {
    const keys = new Map<string, { readonly key: KeyRecord; readonly plans: readonly PlanRecord[] }[]>();
    for (const { scope, value: key } of this.#records.all('key')) {
      if (key.enabled !== true) continue;
      const plans = this.#records.list('plan', scope).filter((plan) => plan.keys.includes(key.id));
      keys.set(key.value, [...(keys.get(key.value) ?? []), { key, plans }]);
    }
    return keys;
  }

  #make(api: ApiRecord): RestApi {
    const scope = within(api, api.id);
    // Stages of one deployment share what it comes to.
    const made = new Map<string, RestDefinition>();
    const stages = this.#records.list('stage', scope).flatMap(({ id: name, deploymentId = '', variables = {}, ...more }) => {
      const deployment = this.#records.get('deployment', scope, deploymentId);
      if (deployment === undefined) return [];
      const definition = made.get(deploymentId) ?? servedDefinition(deployment.definition);
      made.set(deploymentId, definition);
      const { destinationArn, format } = more.accessLogSettings ?? {};
      const [, logGroup] = /:logs:[^:]*:[^:]*:log-group:([^:]+)/.exec(destinationArn ?? '') ?? [];
      const accessLog = logGroup === undefined || format === undefined ? {} : { accessLog: { logGroup, format } };
      const stage: RestStage = { name, deploymentId, variables, definition, ...accessLog };
      return [[name, stage] as const];
    });
    return {
      id: api.id,
      account: api.account,
      region: api.region,
      closed: api.disableExecuteApiEndpoint === true,
      stages: new Map(stages),
    };
  }
}

export function servedDefinition(definition: Definition): RestDefinition {
  const { api, resources, models, gatewayResponses } = definition;
  const paths = pathsOf(resources);
  return {
    name: api.name ?? '',
    apiKeySource: api.apiKeySource ?? 'HEADER',
    binaryMediaTypes: api.binaryMediaTypes ?? [],
    ...(api.minimumCompressionSize === undefined ? {} : { minimumCompressionSize: api.minimumCompressionSize }),
    ...(api.policy === undefined || api.policy === '' ? {} : { policy: api.policy }),
    resources: resources
      .map(({ id, methods }): RestResource => ({
        id,
        path: paths.get(id) ?? '/',
        methods: Object.fromEntries(
          Object.entries(methods).map(([httpMethod, method]) => [httpMethod, methodOf(httpMethod, method, definition)]),
        ),
      }))
      .toSorted(byName(({ path }) => path)),
    gatewayResponses: Object.fromEntries(
      gatewayResponses.map(({ id, statusCode, responseParameters, responseTemplates }) => [
        id,
        {
          ...(statusCode === undefined ? {} : { statusCode }),
          responseParameters: responseParameters ?? {},
          responseTemplates: responseTemplates ?? plainTemplates,
        },
      ]),
    ),
    models: Object.fromEntries(models.map(({ name = '', schema = '{}' }) => [name, schema])),
  };
}

function methodOf(httpMethod: string, method: MethodRecord, { authorizers, validators }: Definition): RestMethod {
  const authorizer = authorizers.find(({ id }) => id === method.authorizerId);
  const validator = validators.find(({ id }) => id === method.requestValidatorId);
  return {
    httpMethod,
    authorization: (method.authorizationType ?? 'NONE') as RestMethod['authorization'],
    ...(authorizer === undefined ? {} : { authorizer: authorizerOf(authorizer) }),
    scopes: method.authorizationScopes ?? [],
    apiKeyRequired: method.apiKeyRequired ?? false,
    ...(method.operationName === undefined ? {} : { operationName: method.operationName }),
    requestParameters: method.requestParameters ?? {},
    requestModels: method.requestModels ?? {},
    ...(validator === undefined
      ? {}
      : {
          validator: {
            body: validator.validateRequestBody ?? false,
            parameters: validator.validateRequestParameters ?? false,
          },
        }),
    ...(method.methodIntegration === undefined ? {} : { integration: integrationOf(method.methodIntegration) }),
    responses: Object.fromEntries(
      Object.entries(method.methodResponses ?? {}).map(([status, { responseParameters, responseModels }]) => [
        status,
        { parameters: responseParameters ?? {}, models: responseModels ?? {} },
      ]),
    ),
  };
}

/** @source API Gateway API Reference, CreateAuthorizer: answers are kept for 300 seconds unless it says otherwise */
const usualTtlS = 300;

const authorizerOf = (authorizer: AuthorizerRecord): RestAuthorizer => ({
  id: authorizer.id,
  name: authorizer.name ?? '',
  type: authorizer.type ?? 'TOKEN',
  ...(authorizer.authorizerUri === undefined ? {} : { uri: authorizer.authorizerUri }),
  ...(authorizer.authorizerCredentials === undefined ? {} : { credentials: authorizer.authorizerCredentials }),
  identitySource: (authorizer.identitySource ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== ''),
  ...(authorizer.identityValidationExpression === undefined
    ? {}
    : { identityValidation: authorizer.identityValidationExpression }),
  ttlMs: (authorizer.authorizerResultTtlInSeconds ?? usualTtlS) * 1000,
  providerArns: authorizer.providerARNs ?? [],
});

const integrationOf = (integration: IntegrationRecord): RestIntegration => ({
  type: integration.type ?? 'MOCK',
  uri: integration.uri ?? '',
  httpMethod: integration.httpMethod ?? '',
  ...(integration.credentials === undefined ? {} : { credentials: integration.credentials }),
  requestParameters: integration.requestParameters ?? {},
  requestTemplates: texts(integration.requestTemplates),
  passthrough: (integration.passthroughBehavior ?? 'WHEN_NO_MATCH') as RestIntegration['passthrough'],
  ...(integration.contentHandling === undefined ? {} : { contentHandling: integration.contentHandling }),
  timeoutMs: integration.timeoutInMillis ?? 29_000,
  responses: Object.values(integration.integrationResponses ?? {}).map((response) => ({
    statusCode: response.statusCode ?? '200',
    selectionPattern: response.selectionPattern ?? '',
    parameters: response.responseParameters ?? {},
    templates: texts(response.responseTemplates),
    ...(response.contentHandling === undefined ? {} : { contentHandling: response.contentHandling }),
  })),
});

/** A template may be there without a text. */
const texts = (templates: Readonly<Record<string, string | null>> | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(templates ?? {}).map(([type, template]) => [type, template ?? '']));
