import type { ApiRecord, AuthorizerRecord, Definition, IntegrationRecord, RouteRecord } from '../records.ts';
import type { Fields } from './document.ts';

/** An API as a document of OpenAPI 3. */
export function openApiOf(
  api: ApiRecord,
  { routes, integrations, authorizers }: Definition,
  options: { readonly endpoint: string; readonly stage?: string | undefined; readonly extensions: boolean },
): Fields {
  const { endpoint, stage, extensions } = options;
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes.toSorted((a, b) => ((a.RouteKey ?? '') < (b.RouteKey ?? '') ? -1 : 1))) {
    const [path, method] = placeOf(route);
    // Only an extension can say that a path takes any method.
    if (method === undefined && !extensions) continue;
    const integration = integrations.find(({ id }) => route.Target === `integrations/${id}`);
    const authorizer = authorizers.find(({ id }) => id === route.AuthorizerId);
    (paths[path] ??= {})[method ?? anyMethod] = operationOf(route, authorizer, extensions ? integration : undefined);
  }
  const schemes = {
    ...Object.fromEntries(byName(authorizers).map((each) => [each.Name ?? each.id, schemeOf(each, extensions)])),
    ...(routes.some(({ AuthorizationType }) => AuthorizationType === 'AWS_IAM') ? { [iam]: iamScheme(extensions) } : {}),
  };
  const tags = Object.entries(api.Tags ?? {});
  return {
    openapi: '3.0.1',
    info: {
      title: api.Name,
      ...(api.Description === undefined ? {} : { description: api.Description }),
      version: api.Version ?? new Date(api.createdAtMs).toISOString(),
    },
    servers: [
      {
        url: `${endpoint}/{basePath}`,
        variables: { basePath: { default: stage === undefined || stage === '$default' ? '' : stage } },
        ...(extensions && api.DisableExecuteApiEndpoint === true
          ? { 'x-amazon-apigateway-endpoint-configuration': { disableExecuteApiEndpoint: true } }
          : {}),
      },
    ],
    ...(tags.length === 0
      ? {}
      : { tags: tags.map(([name, value]) => ({ name, ...(extensions ? { 'x-amazon-apigateway-tag-value': value } : {}) })) }),
    paths,
    ...(Object.keys(schemes).length === 0 ? {} : { components: { securitySchemes: schemes } }),
    ...(extensions && api.CorsConfiguration !== undefined ? { 'x-amazon-apigateway-cors': corsOf(api.CorsConfiguration) } : {}),
    ...(extensions ? { 'x-amazon-apigateway-importexport-version': '1.0' } : {}),
  };
}

/** Ids are random, a document is always the same. */
const byName = (authorizers: readonly AuthorizerRecord[]): readonly AuthorizerRecord[] =>
  authorizers.toSorted((a, b) => ((a.Name ?? '') < (b.Name ?? '') ? -1 : 1));

const anyMethod = 'x-amazon-apigateway-any-method';
/** Names the scheme of those who sign their requests. */
const iam = 'sigv4';

function placeOf({ RouteKey: key = '$default' }: RouteRecord): readonly [path: string, method: string | undefined] {
  if (key === '$default') return ['/$default', undefined];
  const [method = '', path = ''] = key.split(' ');
  return [path, method === 'ANY' ? undefined : method.toLowerCase()];
}

function operationOf(
  route: RouteRecord,
  authorizer: AuthorizerRecord | undefined,
  integration: IntegrationRecord | undefined,
): Fields {
  const key = route.RouteKey ?? '$default';
  const [path] = placeOf(route);
  const parameters = [...path.matchAll(/\{([^}+]+)\+?\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    description: 'Generated path parameter',
    required: true,
    schema: { type: 'string' },
  }));
  const scheme = route.AuthorizationType === 'AWS_IAM' ? iam : authorizer?.Name;
  return {
    ...(route.OperationName === undefined ? {} : { operationId: route.OperationName }),
    ...(parameters.length === 0 ? {} : { parameters }),
    responses: { default: { description: `Default response for ${key}` } },
    ...(scheme === undefined ? {} : { security: [{ [scheme]: route.AuthorizationScopes ?? [] }] }),
    ...(key === '$default' ? { isDefaultRoute: true } : {}),
    ...(integration === undefined ? {} : { 'x-amazon-apigateway-integration': integrationOf(integration) }),
  };
}

const integrationOf = (integration: IntegrationRecord): Fields =>
  written({
    type: integration.IntegrationType?.toLowerCase(),
    integrationSubtype: integration.IntegrationSubtype,
    uri: integration.IntegrationUri,
    httpMethod: integration.IntegrationMethod ?? (integration.IntegrationType === 'AWS_PROXY' ? 'POST' : undefined),
    payloadFormatVersion: integration.PayloadFormatVersion ?? '1.0',
    connectionType: integration.ConnectionType ?? 'INTERNET',
    connectionId: integration.ConnectionId,
    credentials: integration.CredentialsArn,
    description: integration.Description,
    timeoutInMillis: integration.TimeoutInMillis,
    requestParameters: integration.RequestParameters,
    responseParameters: integration.ResponseParameters,
    tlsConfig: integration.TlsConfig && { serverNameToVerify: integration.TlsConfig.ServerNameToVerify },
  });

function schemeOf(authorizer: AuthorizerRecord, extensions: boolean): Fields {
  const isJwt = authorizer.AuthorizerType === 'JWT';
  const scheme = isJwt ? { type: 'oauth2', flows: {} } : { type: 'apiKey', name: 'Authorization', in: 'header' };
  if (!extensions) return scheme;
  const { JwtConfiguration: jwt, IdentitySource: sources = [] } = authorizer;
  return {
    ...scheme,
    'x-amazon-apigateway-authorizer': written({
      type: isJwt ? 'jwt' : 'request',
      identitySource: sources.length === 0 ? undefined : sources.join(','),
      jwtConfiguration: isJwt ? written({ issuer: jwt?.Issuer, audience: jwt?.Audience }) : undefined,
      authorizerUri: authorizer.AuthorizerUri,
      authorizerPayloadFormatVersion: authorizer.AuthorizerPayloadFormatVersion,
      authorizerResultTtlInSeconds: authorizer.AuthorizerResultTtlInSeconds,
      authorizerCredentials: authorizer.AuthorizerCredentialsArn,
      enableSimpleResponses: authorizer.EnableSimpleResponses,
    }),
  };
}

const iamScheme = (extensions: boolean): Fields => ({
  type: 'apiKey',
  name: 'Authorization',
  in: 'header',
  ...(extensions ? { 'x-amazon-apigateway-authtype': 'awsSigv4' } : {}),
});

const corsOf = (cors: NonNullable<ApiRecord['CorsConfiguration']>): Fields =>
  written({
    allowOrigins: cors.AllowOrigins,
    allowMethods: cors.AllowMethods,
    allowHeaders: cors.AllowHeaders,
    exposeHeaders: cors.ExposeHeaders,
    maxAge: cors.MaxAge,
    allowCredentials: cors.AllowCredentials,
  });

const written = (fields: Fields): Fields => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
