import { badRequest } from '../faults.ts';
import type {
  ApiRecord,
  DocumentationPartRecord,
  GatewayResponseRecord,
  MethodRecord,
  ModelRecord,
  ValidatorRecord,
} from '../records.ts';
import { prefixOf, type BasePathMode } from './base-path.ts';
import { entriesOf, fieldsOf, listOf, readDocument, resolved, textOf, type Fields } from './document.ts';
import { readMethod } from './method.ts';
import { Schemas } from './schemas.ts';
import { securityOf, type ReadAuthorizer } from './security.ts';

/** An API as a document describes it; nothing in it has an id yet. */
export interface ReadApi {
  readonly settings: Partial<ApiRecord>;
  readonly paths: ReadonlyMap<string, Readonly<Record<string, MethodRecord>>>;
  readonly authorizers: readonly ReadAuthorizer[];
  readonly models: readonly (Omit<ModelRecord, 'id'> & { readonly name: string })[];
  readonly validators: readonly Omit<ValidatorRecord, 'id'>[];
  readonly gatewayResponses: readonly GatewayResponseRecord[];
  readonly documentation: readonly Omit<DocumentationPartRecord, 'id'>[];
  readonly warnings: readonly string[];
}

const httpMethods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];
const anyMethod = 'x-amazon-apigateway-any-method';

/** @throws BadRequestException for what is no description of an API */
export function readApi(
  body: Uint8Array,
  options: {
    readonly apiId: string;
    readonly newId: () => string;
    readonly basePath: BasePathMode;
    readonly withDocumentation: boolean;
  },
): ReadApi {
  const document = readDocument(body);
  if (document['swagger'] === undefined && document['openapi'] === undefined) throw badRequest('Invalid OpenAPI input.');
  const warnings: string[] = [];
  const schemas = new Schemas(document, options);
  const security = securityOf(document);
  const prefix = prefixOf(document, options.basePath);
  const paths = new Map<string, Readonly<Record<string, MethodRecord>>>();
  for (const [given, item] of entriesOf(document['paths'])) {
    const path = `${prefix}${given === '/' && prefix !== '' ? '' : given}`.replace(/(.)\/$/, '$1');
    const about = fieldsOf(resolved(document, item));
    const around = { document, security, schemas, warnings, path, parameters: listOf(about['parameters']) };
    const methods = [...httpMethods, anyMethod].flatMap((name) => {
      const operation = resolved(document, about[name]);
      if (operation === undefined || operation === null) return [];
      const httpMethod = name === anyMethod ? 'ANY' : name.toUpperCase();
      return [[httpMethod, readMethod(httpMethod, fieldsOf(operation), around)] as const];
    });
    paths.set(path, Object.fromEntries(methods));
  }
  return {
    settings: settingsOf(document),
    paths,
    authorizers: [...security.values()].flatMap((each) => (each.kind === 'authorizer' ? [each.authorizer] : [])),
    models: [...schemas.models].map(([name, schema]) => ({ name, schema, contentType: 'application/json' })),
    validators: entriesOf(document['x-amazon-apigateway-request-validators']).map(([name, validator]) => ({
      name,
      validateRequestBody: fieldsOf(validator)['validateRequestBody'] === true,
      validateRequestParameters: fieldsOf(validator)['validateRequestParameters'] === true,
    })),
    gatewayResponses: entriesOf(document['x-amazon-apigateway-gateway-responses']).map(([id, response]) =>
      readGatewayResponse(id, fieldsOf(response)),
    ),
    documentation: options.withDocumentation ? documentationOf(document) : [],
    warnings,
  };
}

/** The parts of a document that says nothing but them, or much more. */
export const readDocumentation = (body: Uint8Array): readonly Omit<DocumentationPartRecord, 'id'>[] =>
  documentationOf(readDocument(body));

function documentationOf(document: Fields): readonly Omit<DocumentationPartRecord, 'id'>[] {
  const { documentationParts } = fieldsOf(document['x-amazon-apigateway-documentation']);
  return listOf(documentationParts).map((each) => {
    const { location, properties } = fieldsOf(each);
    const place = Object.entries(fieldsOf(location)).map(([name, value]) => [name, String(value)]);
    return {
      location: Object.fromEntries(place) as NonNullable<DocumentationPartRecord['location']>,
      properties: typeof properties === 'string' ? properties : JSON.stringify(properties ?? {}),
    };
  });
}

function settingsOf(document: Fields): Partial<ApiRecord> {
  const info = fieldsOf(document['info']);
  const [name, description, version] = [textOf(info['title']), textOf(info['description']), textOf(info['version'])];
  const source = textOf(document['x-amazon-apigateway-api-key-source'])?.toUpperCase();
  const types = listOf(document['x-amazon-apigateway-binary-media-types']).flatMap((each) => textOf(each) ?? []);
  const size = document['x-amazon-apigateway-minimum-compression-size'];
  const policy = document['x-amazon-apigateway-policy'];
  const endpoint = endpointOf(document);
  return {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined || description === '' ? {} : { description }),
    ...(version === undefined ? {} : { version }),
    ...(source === 'HEADER' || source === 'AUTHORIZER' ? { apiKeySource: source } : {}),
    ...(types.length === 0 ? {} : { binaryMediaTypes: [...types] }),
    ...(size === undefined || size === null ? {} : { minimumCompressionSize: Number(size) }),
    ...(policy === undefined ? {} : { policy: typeof policy === 'string' ? policy : JSON.stringify(policy) }),
    ...endpoint,
  };
}

/** In the document itself, or, for OpenAPI 3, with its first server. */
function endpointOf(document: Fields): Pick<Partial<ApiRecord>, 'disableExecuteApiEndpoint' | 'endpointConfiguration'> {
  const name = 'x-amazon-apigateway-endpoint-configuration';
  const given = fieldsOf(document[name] ?? fieldsOf(listOf(document['servers'])[0])[name]);
  const ids = listOf(given['vpcEndpointIds']).flatMap((each) => textOf(each) ?? []);
  return {
    ...(typeof given['disableExecuteApiEndpoint'] === 'boolean'
      ? { disableExecuteApiEndpoint: given['disableExecuteApiEndpoint'] }
      : {}),
    ...(ids.length === 0 ? {} : { endpointConfiguration: { types: ['PRIVATE'], vpcEndpointIds: [...ids] } }),
  };
}

function readGatewayResponse(id: string, response: Fields): GatewayResponseRecord {
  const statusCode = textOf(response['statusCode']);
  const map = (name: string): Record<string, string> =>
    Object.fromEntries(entriesOf(response[name]).map(([key, value]) => [key, String(value)]));
  const [responseParameters, responseTemplates] = [map('responseParameters'), map('responseTemplates')];
  return {
    id,
    ...(statusCode === undefined ? {} : { statusCode }),
    ...(Object.keys(responseParameters).length === 0 ? {} : { responseParameters }),
    ...(Object.keys(responseTemplates).length === 0 ? {} : { responseTemplates }),
  };
}
