import { ServiceFault } from '@mayfly/wire';
import { readAuthorizer } from '../authorizer-handlers.ts';
import { badRequest } from '../faults.ts';
import { readIntegration } from '../integration-handlers.ts';
import type { ApiRecord, AuthorizerRecord, IntegrationRecord, RouteRecord } from '../records.ts';
import { checkRouteKey } from '../route-handlers.ts';
import { asMap, flag, isMap, number, own, resolved, text, textMap, texts, version, type Fields } from './document.ts';

/** What a document says of an API. */
export interface Described {
  readonly api: Pick<ApiRecord, 'Name' | 'Description' | 'Version' | 'CorsConfiguration' | 'DisableExecuteApiEndpoint' | 'Tags'>;
  readonly authorizers: readonly Omit<AuthorizerRecord, 'id'>[];
  readonly routes: readonly DescribedRoute[];
  /** What is left out although somebody meant it to do something. */
  readonly warnings: readonly string[];
  /** What HTTP APIs do not have. */
  readonly ignored: readonly string[];
}

export interface DescribedRoute {
  readonly route: Omit<RouteRecord, 'id' | 'Target' | 'AuthorizerId'>;
  /** By its name. */
  readonly authorizer?: string;
  readonly integration?: Omit<IntegrationRecord, 'id'>;
}

export type BasePath = 'ignore' | 'prepend' | 'split';

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];
const anyMethod = 'x-amazon-apigateway-any-method';
/** Ten times what AWS lets an API have before it is asked for more. @source API Gateway Developer Guide, quotas of HTTP APIs, read 2026-11 */
const mostRoutes = 3_000;
/** Of REST APIs alone. */
const foreign = [
  'request-validators',
  'gateway-responses',
  'binary-media-types',
  'policy',
  'api-key-source',
  'documentation',
].map((name) => `x-amazon-apigateway-${name}`);

/**
 * Reads a document of OpenAPI 3.
 *
 * @throws BadRequestException  that tells all that is wrong with it
 * @source API Gateway Developer Guide, "Working with OpenAPI definitions for HTTP APIs", read 2026-11
 */
export function readOpenApi(document: Fields, basePath: BasePath): Described {
  if (!/^3\.0\b/.test(version(document['openapi']) ?? ''))
    throw errors([`Unsupported OpenAPI version: HTTP APIs are described in OpenAPI 3.0.`]);
  const reader = new Reader(document);
  const described: Described = {
    api: reader.api(),
    authorizers: reader.authorizers(),
    routes: reader.routes(prefixOf(document, basePath)),
    warnings: reader.warnings,
    ignored: foreign.filter((name) => document[name] !== undefined).map((name) => `HTTP APIs do not have ${name}: ignored.`),
  };
  if (described.routes.length > mostRoutes) throw errors([`An API has ${mostRoutes} routes at most.`]);
  if (reader.faults.length > 0) throw errors(reader.faults);
  return described;
}

const errors = (messages: readonly string[]): ServiceFault =>
  badRequest(`Errors found during import:\n\t${messages.join('\n\t')}`);

class Reader {
  readonly #document: Fields;
  readonly #schemes: ReadonlyMap<string, Fields>;
  readonly faults: string[] = [];
  readonly warnings: string[] = [];

  constructor(document: Fields) {
    this.#document = document;
    this.#schemes = new Map(
      Object.entries(asMap(asMap(document['components'])['securitySchemes'])).map(([name, scheme]) => [
        name,
        asMap(this.#attempt('', () => resolved(document, scheme))),
      ]),
    );
  }

  api(): Described['api'] {
    const info = asMap(this.#document['info']);
    const name = text(info['title']) ?? '';
    if (name === '') this.faults.push('The title of an API is missing: info.title.');
    if (name.length > 128) this.faults.push('The title of an API has 128 characters at most: info.title.');
    const [server] = Array.isArray(this.#document['servers']) ? (this.#document['servers'] as unknown[]) : [];
    const endpoint = asMap(asMap(server)['x-amazon-apigateway-endpoint-configuration']);
    const disabled = flag(endpoint['disableExecuteApiEndpoint']);
    const description = text(info['description']);
    const said = version(info['version']);
    const cors = this.#cors(this.#document['x-amazon-apigateway-cors']);
    const tags = Array.isArray(this.#document['tags']) ? (this.#document['tags'] as unknown[]) : [];
    const pairs = tags.flatMap((tag) => {
      const { name: key, 'x-amazon-apigateway-tag-value': value } = asMap(tag);
      return typeof key === 'string' && text(value) !== undefined ? [[key, text(value) ?? ''] as const] : [];
    });
    return {
      Name: name,
      ...(description === undefined ? {} : { Description: description }),
      ...(said === undefined ? {} : { Version: said }),
      ...(cors === undefined ? {} : { CorsConfiguration: cors }),
      ...(disabled === undefined ? {} : { DisableExecuteApiEndpoint: disabled }),
      ...(pairs.length === 0 ? {} : { Tags: Object.fromEntries(pairs) }),
    };
  }

  #cors(cors: unknown): ApiRecord['CorsConfiguration'] {
    if (cors === undefined) return undefined;
    if (!isMap(cors)) return void this.warnings.push('CORS Scheme is malformed, ignoring.');
    const lists = {
      AllowOrigins: 'allowOrigins',
      AllowMethods: 'allowMethods',
      AllowHeaders: 'allowHeaders',
      ExposeHeaders: 'exposeHeaders',
    };
    const maxAge = number(cors['maxAge']);
    const credentials = flag(cors['allowCredentials']);
    return {
      ...Object.fromEntries(
        Object.entries(lists).flatMap(([name, written]) => {
          const list = texts(cors[written]);
          return list === undefined ? [] : [[name, [...list]] as const];
        }),
      ),
      ...(maxAge === undefined ? {} : { MaxAge: maxAge }),
      ...(credentials === undefined ? {} : { AllowCredentials: credentials }),
    };
  }

  /** Security schemes with an authorizer; the others only say who may call by other means. */
  authorizers(): Described['authorizers'] {
    return [...this.#schemes].flatMap(([name, scheme]) => {
      const authorizer = scheme['x-amazon-apigateway-authorizer'];
      if (!isMap(authorizer)) return [];
      return (
        this.#attempt(`Unable to create authorizer '${name}'`, () => readAuthorizer(authorizerOf(name, scheme, authorizer))) ?? []
      );
    });
  }

  routes(prefix: string): readonly DescribedRoute[] {
    return Object.entries(asMap(this.#document['paths'])).flatMap(([path, written]) => {
      const item = asMap(this.#attempt(path, () => resolved(this.#document, written)));
      return Object.entries(item).flatMap(([method, operation]) => {
        const isAny = method === anyMethod;
        if (!isAny && !methods.includes(method)) {
          if (method === 'trace') this.warnings.push(`HTTP APIs have no TRACE: ${path} is not served for it.`);
          return [];
        }
        const isDefault = isAny && (/^\/?\$default$/.test(path) || flag(asMap(operation)['isDefaultRoute']) === true);
        const key = isDefault ? '$default' : `${isAny ? 'ANY' : method.toUpperCase()} ${prefix}${path}`;
        return this.#attempt(`Unable to create route '${key}'`, () => this.#route(key, asMap(operation))) ?? [];
      });
    });
  }

  #route(key: string, operation: Fields): DescribedRoute {
    checkRouteKey(key);
    const written = resolved(this.#document, operation['x-amazon-apigateway-integration']);
    const name = text(operation['operationId']);
    const { authorizer, ...authorization } = this.#security(key, operation);
    return {
      route: { RouteKey: key, ...(name === undefined ? {} : { OperationName: name.slice(0, 64) }), ...authorization },
      ...(authorizer === undefined ? {} : { authorizer }),
      ...(isMap(written) ? { integration: readIntegration(integrationOf(written)) } : {}),
    };
  }

  /** Who may call: what the operation says, else what the document says. The first that is known here decides. */
  #security(
    key: string,
    operation: Fields,
  ): { readonly authorizer?: string } & Pick<RouteRecord, 'AuthorizationType' | 'AuthorizationScopes'> {
    if (asMap(operation['x-amazon-apigateway-auth'])['type'] === 'AWS_IAM') return { AuthorizationType: 'AWS_IAM' };
    const security = operation['security'] ?? this.#document['security'];
    const wanted = (Array.isArray(security) ? (security as unknown[]) : []).flatMap((each) => Object.entries(asMap(each)));
    for (const [name, scopes] of wanted) {
      const scheme = this.#schemes.get(name);
      if (scheme?.['x-amazon-apigateway-authtype'] === 'awsSigv4') return { AuthorizationType: 'AWS_IAM' };
      const authorizer = scheme?.['x-amazon-apigateway-authorizer'];
      if (isMap(authorizer)) {
        const list = texts(scopes) ?? [];
        const isJwt = authorizer['type'] === 'jwt';
        return {
          authorizer: name,
          AuthorizationType: isJwt ? 'JWT' : 'CUSTOM',
          ...(isJwt && list.length > 0 ? { AuthorizationScopes: [...list] } : {}),
        };
      }
      // That nobody needs to say who they are is how SAM says that its default does not hold here.
      if (name !== 'NONE') this.warnings.push(`The security scheme '${name}' of '${key}' has no authorizer: ignored.`);
    }
    return {};
  }

  /** Undefined when it fails, which is remembered. */
  #attempt<T>(what: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ServiceFault)) throw error;
      this.faults.push(what === '' ? error.message : `${what}: ${error.message}`);
      return undefined;
    }
  }
}

function authorizerOf(name: string, scheme: Fields, authorizer: Fields): Omit<AuthorizerRecord, 'id'> {
  const source = authorizer['identitySource'];
  const sources = (typeof source === 'string' ? source.split(',') : (texts(source) ?? [])).map((each) => each.trim());
  const IdentitySource = sources.filter((each) => each !== '');
  if (authorizer['type'] === 'jwt') {
    const jwt = asMap(authorizer['jwtConfiguration']);
    const issuer = text(jwt['issuer']) ?? text(scheme['openIdConnectUrl'])?.replace(/\/\.well-known\/openid-configuration$/, '');
    const audience = texts(jwt['audience']) ?? [text(jwt['audience']) ?? []].flat();
    return {
      Name: name,
      AuthorizerType: 'JWT',
      IdentitySource,
      JwtConfiguration: { ...(issuer === undefined ? {} : { Issuer: issuer }), Audience: [...audience] },
    };
  }
  if (authorizer['type'] !== 'request') throw badRequest(`Invalid authorizer type: ${text(authorizer['type']) ?? 'none'}`);
  return {
    Name: name,
    AuthorizerType: 'REQUEST',
    IdentitySource,
    ...said({
      AuthorizerUri: text(authorizer['authorizerUri']),
      AuthorizerPayloadFormatVersion: version(authorizer['authorizerPayloadFormatVersion']),
      AuthorizerResultTtlInSeconds: number(authorizer['authorizerResultTtlInSeconds']),
      AuthorizerCredentialsArn: text(authorizer['authorizerCredentials']),
      EnableSimpleResponses: flag(authorizer['enableSimpleResponses']),
      IdentityValidationExpression: text(authorizer['identityValidationExpression']),
    }),
  };
}

function integrationOf(written: Fields): Omit<IntegrationRecord, 'id'> {
  const type = (text(written['type']) ?? '').toUpperCase();
  const server = text(asMap(written['tlsConfig'])['serverNameToVerify']);
  const responses = isMap(written['responseParameters'])
    ? Object.fromEntries(Object.entries(written['responseParameters']).map(([status, each]) => [status, textMap(each) ?? {}]))
    : undefined;
  return {
    IntegrationType: type as NonNullable<IntegrationRecord['IntegrationType']>,
    ...said({
      IntegrationSubtype: text(written['integrationSubtype']),
      IntegrationUri: text(written['uri']),
      IntegrationMethod: text(written['httpMethod']),
      PayloadFormatVersion: version(written['payloadFormatVersion']) ?? '1.0',
      CredentialsArn: text(written['credentials']),
      ConnectionType: text(written['connectionType']) as IntegrationRecord['ConnectionType'],
      ConnectionId: text(written['connectionId']),
      Description: text(written['description']),
      TimeoutInMillis: number(written['timeoutInMillis']),
      RequestParameters: textMap(written['requestParameters']),
      ResponseParameters: responses,
      TlsConfig: server === undefined ? undefined : { ServerNameToVerify: server },
    }),
  };
}

/** What is there. */
const said = <T extends object>(fields: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>;
  };

/**
 * What goes in front of every path, of the path in the URL of the first server.
 *
 * @source API Gateway Developer Guide, "Set the OpenAPI basePath property", read 2026-11
 */
function prefixOf({ servers }: Fields, basePath: BasePath): string {
  const [server] = Array.isArray(servers) ? (servers as unknown[]) : [];
  const { url, variables } = asMap(server);
  const filled = (text(url) ?? '').replaceAll(/\{(\w+)\}/g, (_whole, name: string) => {
    return text(asMap(own(asMap(variables), name))['default']) ?? '';
  });
  const parts = (URL.canParse(filled, 'http://x') ? new URL(filled, 'http://x').pathname : '/')
    .split('/')
    .filter((part) => part !== '');
  const kept = basePath === 'ignore' ? [] : basePath === 'split' ? parts.slice(1) : parts;
  return kept.map((part) => `/${part}`).join('');
}
