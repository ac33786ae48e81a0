import { within } from './desk.ts';
import { parseExpression } from './mapping/expression.ts';
import { requestRules, responseRules } from './mapping/rules.ts';
import { subtypeOf, subtypeParameters } from './mapping/subtypes.ts';
import type { AccessLog, DomainTarget, HttpApi, HttpApis, HttpAuthorizer, HttpIntegration, HttpRoute } from './port.ts';
import type { ApiRecord, AuthorizerRecord, Definition, HttpRecords, IntegrationRecord, StageRecord } from './records.ts';
import { definitionOf, logGroupIn } from './stage-handlers.ts';

/** What the records come to for those who serve: made at the first request, and again after a change. */
export class ServedApis implements HttpApis {
  readonly #records: HttpRecords;
  readonly #made = new Map<string, HttpApi | undefined>();

  constructor(records: HttpRecords) {
    this.#records = records;
  }

  forget(apiId: string): void {
    this.#made.delete(apiId);
  }

  find(id: string): HttpApi | undefined {
    const known = this.#made.get(id);
    if (known !== undefined) return known;
    for (const { name, value } of this.#records.all('api')) {
      if (name !== id) continue;
      const made = this.#make(value);
      this.#made.set(id, made);
      return made;
    }
    return undefined;
  }

  domain(host: string): readonly DomainTarget[] | undefined {
    const wildcard = `*${host.slice(host.indexOf('.'))}`;
    let found: { readonly id: string; readonly scope: string } | undefined;
    for (const { scope, name } of this.#records.all('domain')) {
      if (name === host || (name === wildcard && found === undefined)) found = { id: name, scope };
    }
    if (found === undefined) return undefined;
    const { id, scope } = found;
    return this.#records
      .list('mapping', scope)
      .filter(({ domain }) => domain === id)
      .map(({ key, apiId, stage }) => ({ key, apiId, stage }));
  }

  #make(api: ApiRecord): HttpApi {
    const scope = within(api, api.id);
    const stages = this.#records.list('stage', scope).map((stage) => {
      const definition =
        stage.AutoDeploy === true
          ? definitionOf(this.#records, scope)
          : this.#records.get('deployment', scope, stage.DeploymentId ?? '')?.definition;
      const accessLog = accessLogOf(stage);
      return [
        stage.id,
        {
          name: stage.id,
          variables: stage.StageVariables ?? {},
          routes: definition === undefined ? [] : routesOf(definition, stage),
          ...(accessLog === undefined ? {} : { accessLog }),
        },
      ] as const;
    });
    const cors = api.CorsConfiguration;
    return {
      id: api.id,
      account: api.account,
      region: api.region,
      closed: api.DisableExecuteApiEndpoint === true,
      stages: new Map(stages),
      ...(cors === undefined
        ? {}
        : {
            cors: {
              ...(cors.AllowCredentials === undefined ? {} : { allowCredentials: cors.AllowCredentials }),
              ...(cors.AllowHeaders === undefined ? {} : { allowHeaders: cors.AllowHeaders }),
              ...(cors.AllowMethods === undefined ? {} : { allowMethods: cors.AllowMethods }),
              ...(cors.AllowOrigins === undefined ? {} : { allowOrigins: cors.AllowOrigins }),
              ...(cors.ExposeHeaders === undefined ? {} : { exposeHeaders: cors.ExposeHeaders }),
              ...(cors.MaxAge === undefined ? {} : { maxAgeS: cors.MaxAge }),
            },
          }),
    };
  }
}

function routesOf({ routes, integrations, authorizers }: Definition, stage: StageRecord): readonly HttpRoute[] {
  return routes.map((route) => {
    const integration = integrations.find(({ id }) => route.Target === `integrations/${id}`);
    const authorizer = authorizers.find(({ id }) => route.AuthorizerId === id);
    const key = route.RouteKey ?? '$default';
    const throttle = throttleOf(stage, key);
    return {
      key,
      authorization: route.AuthorizationType ?? 'NONE',
      scopes: route.AuthorizationScopes ?? [],
      ...(integration === undefined ? {} : { integration: integrationOf(integration) }),
      ...(authorizer === undefined ? {} : { authorizer: authorizerOf(authorizer) }),
      ...(throttle === undefined ? {} : { throttle }),
    };
  });
}

/** What AWS lets an account have where a stage says only half. @source API Gateway Developer Guide, account-level quotas, read 2026-11 */
const most = { burst: 5_000, ratePerS: 10_000 };

/** The settings of the route itself, and those of the stage for all that have none. */
function throttleOf({ DefaultRouteSettings: all, RouteSettings: each }: StageRecord, key: string): HttpRoute['throttle'] {
  const own = each !== undefined && Object.hasOwn(each, key) ? each[key] : undefined;
  const burst = own?.ThrottlingBurstLimit ?? all?.ThrottlingBurstLimit;
  const ratePerS = own?.ThrottlingRateLimit ?? all?.ThrottlingRateLimit;
  return burst === undefined && ratePerS === undefined
    ? undefined
    : { burst: burst ?? most.burst, ratePerS: ratePerS ?? most.ratePerS };
}

function integrationOf(integration: IntegrationRecord): HttpIntegration {
  const { IntegrationSubtype: subtype, RequestParameters: parameters, CredentialsArn: credentialsArn } = integration;
  return {
    type: integration.IntegrationType ?? '',
    uri: integration.IntegrationUri ?? '',
    method: integration.IntegrationMethod ?? 'ANY',
    payloadFormat: integration.PayloadFormatVersion === '2.0' ? '2.0' : '1.0',
    timeoutMs: integration.TimeoutInMillis ?? 30_000,
    ...(credentialsArn === undefined ? {} : { credentialsArn }),
    responseRules: responseRules(integration.ResponseParameters),
    ...(subtype === undefined
      ? { requestRules: requestRules(parameters) }
      : { requestRules: [], operation: operationOf(subtype, parameters) }),
  };
}

const operationOf = (
  subtype: string,
  parameters: IntegrationRecord['RequestParameters'],
): HttpIntegration['operation'] & object => {
  const { service, operation: name } = subtypeOf(subtype);
  return { service, name, parameters: subtypeParameters(subtype, parameters) };
};

function accessLogOf({ AccessLogSettings: settings }: StageRecord): AccessLog | undefined {
  const logGroup = logGroupIn(settings?.DestinationArn);
  return logGroup === undefined || settings?.Format === undefined ? undefined : { logGroup, format: settings.Format };
}

function authorizerOf(authorizer: AuthorizerRecord): HttpAuthorizer {
  const { JwtConfiguration: jwt, AuthorizerUri: uri, AuthorizerCredentialsArn: credentialsArn } = authorizer;
  return {
    id: authorizer.id,
    identitySource: (authorizer.IdentitySource ?? []).map((source) => parseExpression(source, 'request')),
    ...(authorizer.AuthorizerType === 'JWT' && jwt !== undefined
      ? { jwt: { issuer: jwt.Issuer ?? '', audience: jwt.Audience ?? [] } }
      : {}),
    ...(authorizer.AuthorizerType === 'REQUEST' && uri !== undefined
      ? {
          lambda: {
            uri,
            payloadFormat: authorizer.AuthorizerPayloadFormatVersion === '1.0' ? ('1.0' as const) : ('2.0' as const),
            simple: authorizer.EnableSimpleResponses === true,
            ttlMs: (authorizer.AuthorizerResultTtlInSeconds ?? 0) * 1000,
            ...(credentialsArn === undefined ? {} : { credentialsArn }),
          },
        }
      : {}),
  };
}
