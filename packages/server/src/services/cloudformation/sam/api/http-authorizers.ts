import { faulty, type Event } from '../events/event.ts';
import { InvalidResource } from '../faults.ts';
import { textOf, asMap, given, isMap, own, sub, type Fields } from '../values.ts';
import type { Route } from './route.ts';

interface HttpAuth {
  readonly authorizers: Fields;
  readonly byDefault: unknown;
  readonly hasIam: boolean;
}

/** @throws InvalidResource */
export function readHttpAuth(logicalId: string, auth: unknown): HttpAuth {
  const written = asMap(auth);
  const { Authorizers, DefaultAuthorizer, EnableIamAuthorizer, ...others } = written;
  if (Object.keys(others).length > 0) throw new InvalidResource(logicalId, `Invalid value for 'Auth' property`);
  const authorizers = asMap(Authorizers);
  const hasIam = EnableIamAuthorizer === true;
  if (
    typeof DefaultAuthorizer === 'string' &&
    own(authorizers, DefaultAuthorizer) === undefined &&
    !(hasIam && DefaultAuthorizer === 'AWS_IAM')
  )
    throw new InvalidResource(
      logicalId,
      `Unable to set DefaultAuthorizer because '${DefaultAuthorizer}' was not defined in 'Authorizers'.`,
    );
  return { authorizers, byDefault: DefaultAuthorizer, hasIam };
}

/** Whether the authorizer that an event names is one of its API's. */
export function checkHttpAuthorizer(
  event: Event,
  apiAuth: unknown,
  { path, method, auth }: Pick<Route, 'path' | 'method' | 'auth'>,
): void {
  const { Authorizer: name } = auth;
  const { Authorizers, DefaultAuthorizer, EnableIamAuthorizer } = asMap(apiAuth);
  if (Object.keys(auth).length > 0 && name === undefined && DefaultAuthorizer === undefined)
    throw faulty(
      event,
      `'Auth' section requires either an explicit 'Authorizer' set or a 'DefaultAuthorizer' configured on the HttpApi.`,
    );
  if (typeof name !== 'string') return;
  const unable = `Unable to set Authorizer`;
  const where = `on API method [${method}] for path [${path}]`;
  if (name === 'NONE') {
    if (DefaultAuthorizer !== undefined) return;
    throw faulty(
      event,
      `${unable} ${where} because 'NONE' is only a valid value when a DefaultAuthorizer on the API is specified.`,
    );
  }
  if (name === 'AWS_IAM' && EnableIamAuthorizer === true) return;
  if (!isMap(Authorizers))
    throw faulty(event, `${unable} [${name}] ${where} because the related API does not define any Authorizers.`);
  if (own(Authorizers, name) === undefined)
    throw faulty(event, `${unable} [${name}] ${where} because it wasn't defined in the API's Authorizers.`);
}

/** Who may call a route. */
export function httpSecurity({ auth }: Route, { authorizers, byDefault }: HttpAuth): Fields {
  const name = auth['Authorizer'] ?? byDefault;
  if (typeof name !== 'string') return {};
  const authorizer = asMap(own(authorizers, name));
  const scopes = auth['AuthorizationScopes'] ?? authorizer['AuthorizationScopes'] ?? [];
  return { security: [{ [name]: name === 'AWS_IAM' || name === 'NONE' ? [] : scopes }] };
}

/** The authorizers of an API, as OpenAPI calls them. @throws InvalidResource */
export function securitySchemes(logicalId: string, { authorizers, hasIam }: HttpAuth, partition: string): Fields {
  const schemes = Object.entries(authorizers).map(([name, written]) => {
    const authorizer = asMap(written);
    const scheme =
      authorizer['JwtConfiguration'] === undefined
        ? lambdaScheme(logicalId, name, authorizer, partition)
        : jwtScheme(logicalId, name, authorizer);
    return [name, scheme] as const;
  });
  const iam = { type: 'apiKey', name: 'Authorization', in: 'header', 'x-amazon-apigateway-authtype': 'awsSigv4' };
  return { ...Object.fromEntries(schemes), ...(hasIam ? { AWS_IAM: iam } : {}) };
}

function jwtScheme(logicalId: string, name: string, { JwtConfiguration, IdentitySource }: Fields): Fields {
  if (IdentitySource === undefined)
    throw new InvalidResource(logicalId, `${name} OAuth2 Authorizer must define 'IdentitySource'.`);
  const jwt = asMap(JwtConfiguration);
  const authorizer = { jwtConfiguration: jwt, identitySource: IdentitySource, type: 'jwt' };
  return { type: 'oauth2', 'x-amazon-apigateway-authorizer': authorizer };
}

function lambdaScheme(logicalId: string, name: string, authorizer: Fields, partition: string): Fields {
  const { FunctionArn, AuthorizerPayloadFormatVersion, FunctionInvokeRole, EnableSimpleResponses, Identity } = authorizer;
  for (const needed of ['FunctionArn', 'AuthorizerPayloadFormatVersion'])
    if (authorizer[needed] === undefined)
      throw new InvalidResource(logicalId, `${name} Lambda Authorizer must define '${needed}'.`);
  const identity = asMap(Identity);
  const sources = identitySources(identity, '$');
  return {
    type: 'apiKey',
    name: 'Unused',
    in: 'header',
    'x-amazon-apigateway-authorizer': given({
      type: 'request',
      authorizerUri: authorizerUri(FunctionArn, partition),
      authorizerCredentials: FunctionInvokeRole,
      authorizerResultTtlInSeconds: identity['ReauthorizeEvery'],
      identitySource: sources.length === 0 ? undefined : sources,
      authorizerPayloadFormatVersion: AuthorizerPayloadFormatVersion,
      enableSimpleResponses: EnableSimpleResponses,
    }),
  };
}

export const authorizerUri = (functionArn: unknown, partition: string): Fields =>
  sub(`arn:${partition}:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${__FunctionArn__}/invocations`, {
    __FunctionArn__: functionArn,
  });

/** What a request shows of who sends it. @param of  `$` for HTTP APIs, `method.` for REST APIs */
export function identitySources(identity: Fields, of: '$' | 'method.'): readonly string[] {
  const own = of === '$' ? '$' : '';
  const prefixes = [
    ['Headers', `${of}request.header.`],
    ['QueryStrings', `${of}request.querystring.`],
    ['StageVariables', `${own}stageVariables.`],
    ['Context', `${own}context.`],
  ] as const;
  return prefixes.flatMap(([field, prefix]) => {
    const names = identity[field];
    return Array.isArray(names) ? names.map((name) => `${prefix}${textOf(name)}`) : [];
  });
}
