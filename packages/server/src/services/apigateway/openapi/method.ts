import type { IntegrationRecord, IntegrationResponseRecord, MethodRecord, MethodResponseRecord } from '../records.ts';
import { entriesOf, fieldsOf, isFields, listOf, resolved, textOf, type Fields } from './document.ts';
import type { Schemas } from './schemas.ts';
import { authorizationOf, texts, type Security } from './security.ts';

/** Where a method stands, and what stands around it. */
export interface Around {
  readonly document: Fields;
  readonly security: ReadonlyMap<string, Security>;
  readonly schemas: Schemas;
  readonly warnings: string[];
  readonly path: string;
  /** Parameters of every method of the path. */
  readonly parameters: readonly unknown[];
}

type Maps<Value> = Readonly<Record<string, Value>>;

/** One operation of a document. Its authorizer and its validator are called by their names. */
export function readMethod(httpMethod: string, operation: Fields, around: Around): MethodRecord {
  const { document, schemas } = around;
  const parameters = [...around.parameters, ...listOf(operation['parameters'])].map((each) => fieldsOf(resolved(document, each)));
  const operationName = textOf(operation['operationId']);
  const validator = textOf(
    operation['x-amazon-apigateway-request-validator'] ?? document['x-amazon-apigateway-request-validator'],
  );
  const integration = resolved(document, operation['x-amazon-apigateway-integration']);
  const requestModels = requestModelsOf(operation, parameters, around);
  const requestParameters = requestParametersOf(parameters);
  const methodResponses = Object.fromEntries(
    entriesOf(operation['responses'])
      .filter(([status]) => /^\d{3}$/.test(status))
      .map(([status, response]) => [
        status,
        readResponse(status, fieldsOf(resolved(document, response)), operation, document, schemas),
      ]),
  );
  return {
    httpMethod,
    ...authorizationOf(document, operation, around.security),
    ...(operationName === undefined ? {} : { operationName }),
    ...(validator === undefined ? {} : { requestValidatorId: validator }),
    ...some('requestModels', requestModels),
    ...some('requestParameters', requestParameters),
    ...some('methodResponses', methodResponses),
    ...(isFields(integration) ? { methodIntegration: readIntegration(integration, httpMethod, around) } : {}),
  };
}

const some = <Name extends string, Value>(name: Name, map: Maps<Value>): { readonly [Key in Name]?: Record<string, Value> } =>
  (Object.keys(map).length === 0 ? {} : { [name]: map }) as { readonly [Key in Name]?: Record<string, Value> };

const places: Maps<string> = { query: 'querystring', header: 'header', path: 'path' };

function requestParametersOf(parameters: readonly Fields[]): Maps<boolean> {
  const found: Record<string, boolean> = {};
  for (const { in: where, name, required } of parameters) {
    const place = places[textOf(where) ?? ''];
    if (place !== undefined) found[`method.request.${place}.${textOf(name) ?? ''}`] = required === true;
  }
  return found;
}

function requestModelsOf(operation: Fields, parameters: readonly Fields[], { document, schemas }: Around): Maps<string> {
  const body = parameters.find((each) => each['in'] === 'body');
  if (body !== undefined) {
    const name = schemas.nameOf(body['schema']);
    const types = typesOf(operation['consumes'] ?? document['consumes']);
    return name === undefined ? {} : Object.fromEntries(types.map((type) => [type, name]));
  }
  return modelsOf(fieldsOf(resolved(document, operation['requestBody']))['content'], schemas);
}

const modelsOf = (content: unknown, schemas: Schemas): Maps<string> =>
  Object.fromEntries(
    entriesOf(content).flatMap(([type, media]) => {
      const name = schemas.nameOf(fieldsOf(media)['schema']);
      return name === undefined ? [] : [[type, name]];
    }),
  );

function typesOf(given: unknown): readonly string[] {
  const types = listOf(given).flatMap((each) => textOf(each) ?? []);
  return types.length === 0 ? ['application/json'] : types;
}

function readResponse(
  status: string,
  response: Fields,
  operation: Fields,
  document: Fields,
  schemas: Schemas,
): MethodResponseRecord {
  const headers = Object.fromEntries(entriesOf(response['headers']).map(([name]) => [`method.response.header.${name}`, false]));
  const name = schemas.nameOf(response['schema']);
  const models =
    name === undefined
      ? modelsOf(response['content'], schemas)
      : Object.fromEntries(typesOf(operation['produces'] ?? document['produces']).map((type) => [type, name]));
  return { statusCode: status, ...some('responseParameters', headers), ...some('responseModels', models) };
}

/** @source API Gateway Developer Guide, "x-amazon-apigateway-integration object", read 2026-11 */
function readIntegration(given: Fields, httpMethod: string, around: Around): IntegrationRecord {
  const { document, path, warnings } = around;
  const type = (textOf(given['type']) ?? 'mock').toUpperCase() as NonNullable<IntegrationRecord['type']>;
  const asked = (name: string) => (value: unknown, key: string) => {
    if (typeof value === 'string') return value;
    const told = typeof value === 'object' ? JSON.stringify(value) : String(value);
    warnings.push(
      `Invalid format for '${name}'. Expected type string for property '${key}' of resource '${path}' and method '${httpMethod}' but got '${told}'`,
    );
    return undefined;
  };
  const timeout = given['timeoutInMillis'];
  const cacheKeys = listOf(given['cacheKeyParameters']).flatMap((each) => textOf(each) ?? []);
  const tls = fieldsOf(given['tlsConfig'])['insecureSkipVerification'];
  const responses = entriesOf(given['responses']).map(([pattern, response]) =>
    readIntegrationResponse(pattern, fieldsOf(resolved(document, response)), asked),
  );
  return {
    type,
    ...texts(given, ['uri', 'credentials', 'connectionId', 'cacheNamespace']),
    ...upper(given, ['httpMethod', 'passthroughBehavior', 'connectionType', 'contentHandling']),
    ...some('requestParameters', mapOf(given['requestParameters'], asked('requestParameters'))),
    ...some('requestTemplates', mapOf(given['requestTemplates'], asked('requestTemplates'))),
    ...some('integrationResponses', Object.fromEntries(responses.map((response) => [response.statusCode ?? '', response]))),
    ...(timeout === undefined ? {} : { timeoutInMillis: Number(timeout) }),
    ...(cacheKeys.length === 0 ? {} : { cacheKeyParameters: cacheKeys }),
    ...(typeof tls === 'boolean' ? { tlsConfig: { insecureSkipVerification: tls } } : {}),
  };
}

type Asked = (name: string) => (value: unknown, key: string) => string | undefined;

function readIntegrationResponse(pattern: string, response: Fields, asked: Asked): IntegrationResponseRecord {
  return {
    statusCode: textOf(response['statusCode']) ?? '200',
    ...(pattern === 'default' ? {} : { selectionPattern: pattern }),
    ...some('responseParameters', mapOf(response['responseParameters'], asked('responseParameters'))),
    ...some('responseTemplates', mapOf(response['responseTemplates'], asked('responseTemplates'))),
    ...upper(response, ['contentHandling']),
  };
}

const mapOf = (given: unknown, read: (value: unknown, key: string) => string | undefined): Maps<string> =>
  Object.fromEntries(
    entriesOf(given).flatMap(([key, value]) => {
      const text = read(value, key);
      return text === undefined ? [] : [[key, text]];
    }),
  );

/** Words that documents write small. */
const upper = (given: Fields, names: readonly string[]): Readonly<Record<string, never>> =>
  Object.fromEntries(Object.entries(texts(given, names)).map(([name, value]) => [name, value?.toUpperCase()])) as Readonly<
    Record<string, never>
  >;
