import { faulty, type Event } from '../events/event.ts';
import { InvalidResource } from '../faults.ts';
import { textOf, asMap, given, isMap, listOf, own, type Fields } from '../values.ts';
import { authorizerUri, identitySources } from './http-authorizers.ts';
import type { Route } from './route.ts';

export interface RestAuth {
  readonly authorizers: Fields;
  readonly byDefault: unknown;
  readonly isKeyRequired: boolean;
  /** Whose rights API Gateway calls functions with. */
  readonly invokeRole: unknown;
  /** Whether browsers that ask before they send must be somebody, too. */
  readonly isOfPreflight: boolean;
}

/** @throws InvalidResource */
export function readRestAuth(logicalId: string, auth: unknown): RestAuth {
  const written = asMap(auth);
  if (written['AddApiKeyRequiredToCorsPreflight'] !== undefined)
    throw new InvalidResource(
      logicalId,
      'Mayfly does not translate Auth.AddApiKeyRequiredToCorsPreflight of AWS::Serverless::Api yet.',
    );
  const known = [
    'Authorizers',
    'DefaultAuthorizer',
    'ApiKeyRequired',
    'InvokeRole',
    'AddDefaultAuthorizerToCorsPreflight',
    'UsagePlan',
    'ResourcePolicy',
  ];
  if (Object.keys(written).some((name) => !known.includes(name)))
    throw new InvalidResource(logicalId, `Invalid value for 'Auth' property`);
  const { Authorizers, DefaultAuthorizer: byDefault } = written;
  const authorizers = asMap(Authorizers);
  // A default without any authorizers is overlooked.
  if (isMap(Authorizers) && typeof byDefault === 'string' && byDefault !== 'AWS_IAM' && own(authorizers, byDefault) === undefined)
    throw new InvalidResource(
      logicalId,
      `Unable to set DefaultAuthorizer because '${byDefault}' was not defined in 'Authorizers'.`,
    );
  return {
    authorizers,
    byDefault: byDefault === 'AWS_IAM' || isMap(Authorizers) ? byDefault : undefined,
    isKeyRequired: written['ApiKeyRequired'] === true,
    invokeRole: written['InvokeRole'],
    isOfPreflight: written['AddDefaultAuthorizerToCorsPreflight'] !== false,
  };
}

/** Whether the authorizer that an event names is one of its API's. */
export function checkRestAuthorizer(
  event: Event,
  apiAuth: unknown,
  { path, method, auth }: Pick<Route, 'path' | 'method' | 'auth'>,
): void {
  const { Authorizer: name, ...others } = auth;
  for (const other of Object.keys(others))
    if (!['ApiKeyRequired', 'AuthorizationScopes', 'InvokeRole', 'ResourcePolicy'].includes(other))
      throw faulty(event, `Mayfly does not translate Auth.${other} of an Api event yet.`);
  if (typeof name !== 'string' || name === 'AWS_IAM') return;
  const { Authorizers, DefaultAuthorizer } = asMap(apiAuth);
  const where = `on API method [${method}] for path [${path}]`;
  if (name === 'NONE') {
    if (DefaultAuthorizer !== undefined) return;
    throw faulty(
      event,
      `Unable to set Authorizer ${where} because 'NONE' is only a valid value when a DefaultAuthorizer on the API is specified.`,
    );
  }
  if (!isMap(Authorizers))
    throw faulty(event, `Unable to set Authorizer [${name}] ${where} because the related API does not define any Authorizers.`);
  if (own(Authorizers, name) === undefined)
    throw faulty(event, `Unable to set Authorizer [${name}] ${where} because it wasn't defined in the API's Authorizers.`);
}

/** Who may call a method: whom an authorizer knows, and who has a key. */
export function restSecurity({ auth }: Pick<Route, 'auth'>, { authorizers, byDefault, isKeyRequired }: RestAuth): Fields {
  const name = auth['Authorizer'] ?? byDefault;
  const needsKey = auth['ApiKeyRequired'] ?? isKeyRequired;
  const key = needsKey === true ? { api_key: [] } : {};
  if (typeof name === 'string' && (name !== 'NONE' || needsKey !== true)) {
    const authorizer = asMap(own(authorizers, name));
    const scopes = auth['AuthorizationScopes'] ?? authorizer['AuthorizationScopes'] ?? [];
    return { security: [{ [name]: name === 'AWS_IAM' || name === 'NONE' ? [] : scopes, ...key }] };
  }
  if (needsKey === true) return { security: [key] };
  return isKeyRequired ? { security: [] } : {};
}

/** Calls go out with the caller's own rights where the caller is known to IAM, unless another role is named. */
export function credentialsOf({ auth }: Route, { byDefault, invokeRole }: RestAuth, partition: string): Fields {
  if ((auth['Authorizer'] ?? byDefault) !== 'AWS_IAM') return {};
  const role = auth['InvokeRole'] ?? invokeRole ?? 'CALLER_CREDENTIALS';
  if (role === 'NONE') return {};
  return { credentials: role === 'CALLER_CREDENTIALS' ? `arn:${partition}:iam::*:user/*` : role };
}

/** What tells callers apart, as Swagger calls it. @throws InvalidResource */
export function securityDefinitions(
  logicalId: string,
  { authorizers, byDefault, isKeyRequired }: RestAuth,
  routes: readonly Route[],
  partition: string,
): Fields {
  const own = Object.entries(authorizers).map(
    ([name, written]) => [name, definitionOf(logicalId, name, asMap(written), partition)] as const,
  );
  const isIam = byDefault === 'AWS_IAM' || routes.some(({ auth }) => auth['Authorizer'] === 'AWS_IAM');
  const isKeyed = isKeyRequired || routes.some(({ auth }) => auth['ApiKeyRequired'] === true);
  return {
    ...Object.fromEntries(own),
    ...(isIam ? { AWS_IAM: { ...inHeader('Authorization'), 'x-amazon-apigateway-authtype': 'awsSigv4' } } : {}),
    ...(isKeyed ? { api_key: inHeader('x-api-key') } : {}),
  };
}

const inHeader = (name: unknown): Fields => ({ type: 'apiKey', name, in: 'header' });

function definitionOf(logicalId: string, name: string, authorizer: Fields, partition: string): Fields {
  const { UserPoolArn, Identity, FunctionPayloadType: payload = 'TOKEN', FunctionArn, FunctionInvokeRole } = authorizer;
  const identity = asMap(Identity);
  const { Header = 'Authorization', ReauthorizeEvery, ValidationExpression } = identity;
  if (UserPoolArn !== undefined) {
    const pools = given({
      type: 'cognito_user_pools',
      providerARNs: listOf(UserPoolArn),
      identityValidationExpression: ValidationExpression,
    });
    const kind = { 'x-amazon-apigateway-authtype': 'cognito_user_pools' };
    return { ...inHeader(Header), ...kind, 'x-amazon-apigateway-authorizer': pools };
  }
  if (payload !== 'TOKEN' && payload !== 'REQUEST')
    throw new InvalidResource(logicalId, `${name} Authorizer has invalid 'FunctionPayloadType': ${textOf(payload)}.`);
  const sources = identitySources(identity, 'method.');
  if (payload === 'REQUEST' && sources.length === 0)
    throw new InvalidResource(
      logicalId,
      `${name} Authorizer must specify Identity with at least one of Headers, QueryStrings, StageVariables, or Context.`,
    );
  return {
    ...inHeader(payload === 'REQUEST' ? 'Unused' : Header),
    'x-amazon-apigateway-authtype': 'custom',
    'x-amazon-apigateway-authorizer': given({
      type: payload.toLowerCase(),
      authorizerUri: authorizerUri(FunctionArn, partition),
      authorizerCredentials: FunctionInvokeRole,
      authorizerResultTtlInSeconds: ReauthorizeEvery,
      identitySource: payload === 'REQUEST' ? sources.join(', ') : undefined,
      identityValidationExpression: payload === 'TOKEN' ? ValidationExpression : undefined,
    }),
  };
}
