import type { ApiGatewayOperations, Handlers } from '@mayfly/wire';
import { within, type Draft, type Place, type RestDesk } from './desk.ts';
import { badRequest, conflict, notFound } from './faults.ts';
import { brief, entry, member, naming, patched, text, truth, values, type Table } from './patch.ts';
import type { MethodRecord, MethodResponseRecord, ResourceRecord } from './records.ts';

type MethodHandlers = Pick<
  Handlers<ApiGatewayOperations>,
  | 'PutMethod'
  | 'GetMethod'
  | 'UpdateMethod'
  | 'DeleteMethod'
  | 'PutMethodResponse'
  | 'GetMethodResponse'
  | 'UpdateMethodResponse'
  | 'DeleteMethodResponse'
>;

/** Which method of which resource is meant. */
export interface MethodAddress {
  readonly restApiId?: string | undefined;
  readonly resourceId?: string | undefined;
  readonly httpMethod?: string | undefined;
}

const httpMethods = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'ANY']);

const noMethod = (): Error => notFound('Invalid Method identifier specified');
export const noResponse = (): Error => notFound('Invalid Response status code specified');

export function methodOf(resource: ResourceRecord, httpMethod = ''): MethodRecord {
  const method = Object.hasOwn(resource.methods, httpMethod) ? resource.methods[httpMethod] : undefined;
  if (method === undefined) throw noMethod();
  return method;
}

/** Changes one method of a resource. @throws NotFoundException */
export async function editMethod(
  desk: RestDesk,
  place: Place,
  { restApiId, resourceId, httpMethod = '' }: MethodAddress,
  edit: (method: MethodRecord, draft: Draft) => MethodRecord | undefined,
): Promise<MethodRecord> {
  let after: MethodRecord = {};
  await desk.edit('resource', place, restApiId, resourceId, (resource, draft) => {
    const next = edit(methodOf(resource, httpMethod), draft);
    const { [httpMethod]: _before, ...others } = resource.methods;
    after = next ?? {};
    return { ...resource, methods: next === undefined ? others : { ...others, [httpMethod]: next } };
  });
  return after;
}

/** Methods, and what they say that they answer. */
export function methodHandlers(desk: RestDesk): MethodHandlers {
  const check = (draft: Draft, place: Place, apiId: string, method: MethodRecord): void => {
    const scope = within(place, apiId);
    const guarded = method.authorizationType === 'CUSTOM' || method.authorizationType === 'COGNITO_USER_POOLS';
    if (guarded && draft.get('authorizer', scope, method.authorizerId ?? '') === undefined)
      throw badRequest(
        'Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.',
      );
    if (method.requestValidatorId !== undefined && draft.get('validator', scope, method.requestValidatorId) === undefined)
      throw badRequest('Invalid Request Validator identifier specified');
    checkModels(draft, scope, method.requestModels);
  };
  return {
    async PutMethod({ restApiId = '', resourceId = '', httpMethod = '', ...input }, call) {
      const method: MethodRecord = { ...input, httpMethod };
      await desk.edit('resource', call, restApiId, resourceId, (resource, draft) => {
        if (!httpMethods.has(httpMethod))
          throw badRequest('Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY');
        if (Object.hasOwn(resource.methods, httpMethod)) throw conflict('Method already exists for this resource');
        if (!['NONE', 'AWS_IAM', 'CUSTOM', 'COGNITO_USER_POOLS'].includes(method.authorizationType ?? ''))
          throw badRequest(`Invalid authorization type specified. Valid options are NONE,AWS_IAM,CUSTOM,COGNITO_USER_POOLS`);
        checkParameters(method.requestParameters);
        check(draft, call, restApiId, method);
        return { ...resource, methods: { ...resource.methods, [httpMethod]: method } };
      });
      return shownMethod(method);
    },

    GetMethod: async ({ restApiId, resourceId, httpMethod }, call) =>
      shownMethod(methodOf(desk.part('resource', call, restApiId, resourceId), httpMethod)),

    async UpdateMethod({ restApiId = '', patchOperations, ...address }, call) {
      const next = await editMethod(desk, call, { restApiId, ...address }, (before, draft) => {
        const after = patched(before, patchOperations, methodUpdates);
        check(draft, call, restApiId, after);
        const guarded = after.authorizationType === 'CUSTOM' || after.authorizationType === 'COGNITO_USER_POOLS';
        if (guarded) return after;
        const { authorizerId: _unused, ...open } = after;
        return open;
      });
      return shownMethod(next);
    },

    async DeleteMethod(address, call) {
      await editMethod(desk, call, address, () => undefined);
      return {};
    },

    async PutMethodResponse({ restApiId = '', resourceId, httpMethod, statusCode = '', ...input }, call) {
      const response: MethodResponseRecord = { ...input, statusCode };
      await editMethod(desk, call, { restApiId, resourceId, httpMethod }, (method, draft) => {
        if (method.methodResponses?.[statusCode] !== undefined) throw conflict('Response already exists for this resource');
        for (const name of Object.keys(input.responseParameters ?? {})) checkParameter(name, 'method.response');
        checkModels(draft, within(call, restApiId), input.responseModels);
        return { ...method, methodResponses: { ...method.methodResponses, [statusCode]: response } };
      });
      return response;
    },

    GetMethodResponse: async ({ statusCode, ...address }, call) =>
      responseOf(methodOf(desk.part('resource', call, address.restApiId, address.resourceId), address.httpMethod), statusCode),

    async UpdateMethodResponse({ statusCode = '', patchOperations, ...address }, call) {
      const next = await editMethod(desk, call, address, (method, draft) => {
        const response = patched(responseOf(method, statusCode), patchOperations, responseUpdates);
        checkModels(draft, within(call, address.restApiId ?? ''), response.responseModels);
        return { ...method, methodResponses: { ...method.methodResponses, [statusCode]: response } };
      });
      return responseOf(next, statusCode);
    },

    async DeleteMethodResponse({ statusCode = '', ...address }, call) {
      await editMethod(desk, call, address, (method) => {
        responseOf(method, statusCode);
        const { [statusCode]: _gone, ...others } = method.methodResponses ?? {};
        const { methodResponses: _before, ...rest } = method;
        return Object.keys(others).length === 0 ? rest : { ...rest, methodResponses: others };
      });
      return {};
    },
  };
}

export const shownMethod = (method: MethodRecord): MethodRecord => ({
  ...method,
  apiKeyRequired: method.apiKeyRequired ?? false,
});

function responseOf({ methodResponses }: MethodRecord, statusCode = ''): MethodResponseRecord {
  const found =
    methodResponses !== undefined && Object.hasOwn(methodResponses, statusCode) ? methodResponses[statusCode] : undefined;
  if (found === undefined) throw noResponse();
  return found;
}

function checkModels(draft: Draft, scope: string, models: Readonly<Record<string, string>> | undefined): void {
  for (const name of Object.values(models ?? {}))
    // An imported API may lack it, and may say it all the same.
    if (name !== 'Empty' && draft.get('model', scope, name) === undefined)
      throw badRequest(`Invalid model identifier specified: ${name}`);
}

function checkParameters(parameters: Readonly<Record<string, boolean>> = {}): void {
  const names = Object.keys(parameters);
  for (const name of names) checkParameter(name, 'method.request');
  // `method.request.path.id` and `method.request.querystring.id` could not be told apart in mappings.
  const own = names.map((name) => name.split('.').slice(3).join('.'));
  if (new Set(own).size < own.length) throw badRequest('Parameter names must be unique across querystring, header and path');
}

/** `method.request.header.x`, `method.response.header.x` */
function checkParameter(name: string, of: 'method.request' | 'method.response'): void {
  const places = of === 'method.request' ? 'querystring|path|header|multivaluequerystring|multivalueheader' : 'header';
  if (!new RegExp(`^${of.replace('.', '\\.')}\\.(?:${places})\\.[^\\s]+$`).test(name))
    throw badRequest(
      `Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: ${name}]`,
    );
}

const methodUpdates: Table = {
  places: {
    '/authorizationType': member(),
    '/authorizerId': member(),
    '/authorizationScopes': values(),
    '/apiKeyRequired': member(truth),
    '/operationName': member(text),
    '/requestValidatorId': member((value) => (value === '' ? undefined : value)),
    '/requestParameters/{name}': entry(truth),
    '/requestModels/{type}': entry(),
  },
  words: naming,
};

const responseUpdates: Table = {
  places: {
    '/responseParameters/{name}': entry(truth, { missing: () => notFound('Invalid parameter name specified') }),
    '/responseModels/{type}': entry(text, { missing: () => notFound('Content-Type specified was not found') }),
  },
  words: brief,
};
