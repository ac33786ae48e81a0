import type { Answer } from '../../kit/stage.ts';
import type { Scene } from '../kit/stage.ts';
import type { Rest } from './apigateway-kit.ts';

type Fields = Readonly<Record<string, unknown>>;

const fields = (value: unknown): Answer => (value ?? {}) as Answer;
const mapped = (value: unknown, each: (name: string, inside: Answer) => readonly [string, unknown]): Answer =>
  Object.fromEntries(Object.entries(fields(value)).map(([name, inside]) => each(name, fields(inside))));

/** Templates are recorded as what they hold; documents have their texts. */
const texts = (templates: unknown): Answer | undefined =>
  templates === undefined
    ? undefined
    : Object.fromEntries(
        Object.entries(fields(templates)).map(([type, text]) => [type, typeof text === 'string' ? text : JSON.stringify(text)]),
      );

/** Methods that were recorded, `pets/{petId}-get`: where they stand in a document, and what was shown of them. */
function methodsOf(scene: Scene, prefix: string): readonly (readonly [path: string, verb: string, method: Answer])[] {
  return Object.keys(scene.stage.answers).flatMap((name) => {
    const [, path = '', verb = ''] = new RegExp(`^${prefix}method-(?!response-)(.*)-([a-z]+)$`).exec(name) ?? [];
    return path === '' ? [] : [[path === 'root' ? '/' : `/${path}`, verb, scene.recorded(name)] as const];
  });
}

export interface DocumentOptions {
  readonly kind: 'swagger' | 'openapi';
  /** Of the recorded answers. */
  readonly prefix?: string;
  /** Segments that are not in the document. */
  readonly drop?: string;
  /** Region and host as the recording has them, which is checked as text. */
  readonly more?: Fields;
}

/** An OpenAPI document that describes what was recorded. */
export function documentOf(scene: Scene, { kind, prefix = '', drop = '', more = {} }: DocumentOptions): Fields {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [path, verb, method] of methodsOf(scene, prefix)) {
    const item = (paths[drop === '' ? path : path.replace(drop, '')] ??= {});
    item[verb === 'any' ? 'x-amazon-apigateway-any-method' : verb] = operationOf(kind, method);
  }
  return {
    ...(kind === 'swagger' ? { swagger: '2.0' } : { openapi: '3.0.1' }),
    info: { title: 'PetStore', version: '1.0' },
    paths,
    ...more,
  };
}

function operationOf(kind: DocumentOptions['kind'], method: Answer): Fields {
  const { methodIntegration, operationName, apiKeyRequired, authorizationType } = method;
  const security = [
    ...(apiKeyRequired === true ? [{ api_key: [] }] : []),
    ...(authorizationType === 'CUSTOM' ? [{ authorizer: [] }] : []),
  ];
  return {
    operationId: operationName,
    ...(security.length === 0 ? {} : { security }),
    ...(kind === 'swagger' ? swaggerBody(method) : openBody(method)),
    responses: mapped(method['methodResponses'], (status, response) => [
      status,
      { description: status, headers: headersOf(response['responseParameters']), ...modelsOf(kind, response['responseModels']) },
    ]),
    'x-amazon-apigateway-integration': integrationOf(fields(methodIntegration)),
  };
}

const parametersOf = (method: Answer): readonly Fields[] =>
  Object.entries(fields(method['requestParameters'])).map(([parameter, required]) => {
    const [, place, name] = /^method\.request\.(\w+)\.(.+)$/.exec(parameter) ?? [];
    return { name, in: place === 'querystring' ? 'query' : place, required, type: 'string' };
  });

const reference = (kind: DocumentOptions['kind'], model: unknown): Fields => ({
  $ref: kind === 'swagger' ? `#/definitions/${model as string}` : `#/components/schemas/${model as string}`,
});

function swaggerBody(method: Answer): Fields {
  const [[type, model] = []] = Object.entries(fields(method['requestModels']));
  const body = model === undefined ? [] : [{ in: 'body', name: 'body', schema: reference('swagger', model) }];
  return { parameters: [...parametersOf(method), ...body], ...(type === undefined ? {} : { consumes: [type] }) };
}

const openBody = (method: Answer): Fields => ({ parameters: parametersOf(method) });

function modelsOf(kind: DocumentOptions['kind'], models: unknown): Fields {
  const [[type, model] = []] = Object.entries(fields(models));
  if (type === undefined) return {};
  // A recorded name may stand for another.
  const schema = reference(kind, String(model).replace(/^<name:\d+>$/, 'Empty'));
  return kind === 'swagger' ? { schema } : { content: { [type]: { schema } } };
}

const headersOf = (parameters: unknown): Fields | undefined =>
  parameters === undefined
    ? undefined
    : Object.fromEntries(
        Object.keys(fields(parameters)).map((name) => [name.replace('method.response.header.', ''), { type: 'string' }]),
      );

const small = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value);

const integrationOf = (integration: Answer): Fields => ({
  type: small(integration['type']),
  httpMethod: integration['httpMethod'],
  uri: integration['uri'],
  contentHandling: integration['contentHandling'],
  passthroughBehavior: small(integration['passthroughBehavior']),
  requestParameters: integration['requestParameters'],
  requestTemplates: texts(integration['requestTemplates']),
  responses: mapped(integration['integrationResponses'], (status, { responseParameters, responseTemplates }) => [
    status === '200' ? 'default' : status,
    { statusCode: status, responseParameters, responseTemplates: texts(responseTemplates) },
  ]),
});

/** As its bytes; what a recording calls the region is this scene's. */
export const bytesOf = (scene: Scene, document: unknown): Uint8Array =>
  Buffer.from(JSON.stringify(document).replaceAll('<region>', scene.region).replaceAll('<partition>', 'aws'));

/** Looks at every recorded method, part by part. */
export async function checkMethods(api: Rest, prefix = '', wanted: (name: string) => boolean = () => true): Promise<void> {
  const { items } = await api.ok('GetResources');
  const ids = new Map((items as readonly Answer[]).map(({ path, id }) => [String(path), String(id)]));
  for (const [path, verb] of methodsOf(api.scene, prefix)) {
    const title = `${path === '/' ? 'root' : path.slice(1)}-${verb}`;
    if (!wanted(`${prefix}method-${title}`)) continue;
    const resourceId = ids.get(path);
    if (resourceId === undefined) throw new Error(`There is no ${path}, but ${[...ids.keys()].join(', ')}`);
    const at = { resourceId, httpMethod: verb.toUpperCase() };
    await api.check(`${prefix}method-${title}`, 'GetMethod', at);
    await api.check(`${prefix}method-response-${title}`, 'GetMethodResponse', { ...at, statusCode: '200' });
    await api.check(`${prefix}integration-${title}`, 'GetIntegration', at);
    await api.check(`${prefix}integration-response-${title}`, 'GetIntegrationResponse', { ...at, statusCode: '200' });
  }
}
