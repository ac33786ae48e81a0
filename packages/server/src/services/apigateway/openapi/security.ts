import type { AuthorizerRecord, MethodRecord } from '../records.ts';
import { entriesOf, fieldsOf, listOf, resolved, textOf, type Fields } from './document.ts';

export type ReadAuthorizer = Omit<AuthorizerRecord, 'id'>;

/** Ways to be let in, by their names in the document. */
export type Security =
  | { readonly kind: 'key' }
  | { readonly kind: 'iam' }
  | { readonly kind: 'authorizer'; readonly authorizer: ReadAuthorizer };

export function securityOf(document: Fields): ReadonlyMap<string, Security> {
  const schemes = document['securityDefinitions'] ?? fieldsOf(document['components'])['securitySchemes'];
  const known = new Map<string, Security>();
  for (const [name, given] of entriesOf(schemes)) {
    const scheme = fieldsOf(resolved(document, given));
    const authType = textOf(scheme['x-amazon-apigateway-authtype']);
    const authorizer = resolved(document, scheme['x-amazon-apigateway-authorizer']);
    if (authorizer !== undefined)
      known.set(name, { kind: 'authorizer', authorizer: readAuthorizer(name, scheme, fieldsOf(authorizer)) });
    else if (authType?.toLowerCase() === 'awssigv4') known.set(name, { kind: 'iam' });
    else if (textOf(scheme['name'])?.toLowerCase() === 'x-api-key') known.set(name, { kind: 'key' });
  }
  return known;
}

/** @source API Gateway Developer Guide, "x-amazon-apigateway-authorizer object", read 2026-11 */
function readAuthorizer(name: string, scheme: Fields, given: Fields): ReadAuthorizer {
  const kind = (textOf(given['type']) ?? 'token').toUpperCase();
  const type = kind === 'REQUEST' || kind === 'COGNITO_USER_POOLS' ? kind : 'TOKEN';
  const header = textOf(scheme['name']);
  const identitySource =
    textOf(given['identitySource']) ??
    (header === undefined || type === 'REQUEST' ? undefined : `method.request.header.${header}`);
  const ttl = given['authorizerResultTtlInSeconds'];
  const providers = listOf(given['providerARNs']).flatMap((each) => textOf(each) ?? []);
  return {
    name,
    type,
    authType: textOf(scheme['x-amazon-apigateway-authtype']) ?? (type === 'COGNITO_USER_POOLS' ? 'cognito_user_pools' : 'custom'),
    ...texts(given, ['authorizerUri', 'authorizerCredentials', 'identityValidationExpression']),
    ...(identitySource === undefined ? {} : { identitySource }),
    ...(ttl === undefined ? {} : { authorizerResultTtlInSeconds: Number(ttl) }),
    ...(providers.length === 0 ? {} : { providerARNs: providers }),
  };
}

export const texts = <Name extends string>(given: Fields, names: readonly Name[]): Partial<Record<Name, string>> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = textOf(given[name]);
      return value === undefined ? [] : [[name, value]];
    }),
  ) as Partial<Record<Name, string>>;

/** Who may call a method: what it asks for itself, or what the document asks of all. Authorizers by their names. */
export function authorizationOf(
  document: Fields,
  operation: Fields,
  known: ReadonlyMap<string, Security>,
): Pick<MethodRecord, 'authorizationType' | 'authorizerId' | 'authorizationScopes' | 'apiKeyRequired'> {
  const auth = textOf(fieldsOf(operation['x-amazon-apigateway-auth'])['type'])?.toUpperCase();
  const asked = listOf(operation['security'] ?? document['security']).flatMap((each) => entriesOf(each));
  let apiKeyRequired = false;
  let found: Pick<MethodRecord, 'authorizationType' | 'authorizerId' | 'authorizationScopes'> = { authorizationType: 'NONE' };
  for (const [name, scopes] of asked) {
    const security = known.get(name);
    if (security?.kind === 'key') apiKeyRequired = true;
    else if (security?.kind === 'iam') found = { authorizationType: 'AWS_IAM' };
    else if (security?.kind === 'authorizer') {
      const wanted = listOf(scopes).flatMap((each) => textOf(each) ?? []);
      found = {
        authorizationType: security.authorizer.type === 'COGNITO_USER_POOLS' ? 'COGNITO_USER_POOLS' : 'CUSTOM',
        authorizerId: name,
        ...(wanted.length === 0 ? {} : { authorizationScopes: wanted }),
      };
    }
  }
  if (auth === 'NONE' || auth === 'AWS_IAM') found = { authorizationType: auth };
  return { ...found, apiKeyRequired };
}
