import type { ApiGatewayOperations, Handlers } from '@mayfly/wire';
import type { RestDesk } from './desk.ts';
import { badRequest, notFound } from './faults.ts';
import { editMethod, methodOf, noResponse } from './method-handlers.ts';
import { brief, entry, member, number, patched, text, truth, values, type Table } from './patch.ts';
import type { IntegrationRecord, IntegrationResponseRecord, MethodRecord } from './records.ts';

type IntegrationHandlers = Pick<
  Handlers<ApiGatewayOperations>,
  | 'PutIntegration'
  | 'GetIntegration'
  | 'UpdateIntegration'
  | 'DeleteIntegration'
  | 'PutIntegrationResponse'
  | 'GetIntegrationResponse'
  | 'UpdateIntegrationResponse'
  | 'DeleteIntegrationResponse'
>;

/** @source API Gateway Developer Guide, "Quotas for configuring and running a REST API": integration timeout, read 2026-11 */
const [leastMs, mostMs] = [50, 300_000];
const passthroughs = ['WHEN_NO_MATCH', 'WHEN_NO_TEMPLATES', 'NEVER'];

/** What stands behind a method, and how its answers become the method's. */
export function integrationHandlers(desk: RestDesk): IntegrationHandlers {
  return {
    async PutIntegration({ restApiId, resourceId = '', httpMethod, integrationHttpMethod, ...input }, call) {
      let made: IntegrationRecord = {};
      await editMethod(desk, call, { restApiId, resourceId, httpMethod }, (method) => {
        made = readIntegration(
          { ...input, ...(integrationHttpMethod === undefined ? {} : { httpMethod: integrationHttpMethod }) },
          resourceId,
        );
        // What comes back is described anew with what is asked.
        return { ...method, methodIntegration: made };
      });
      return made;
    },

    GetIntegration: async ({ restApiId, resourceId, httpMethod }, call) =>
      integrationOf(methodOf(desk.part('resource', call, restApiId, resourceId), httpMethod)),

    async UpdateIntegration({ patchOperations, ...address }, call) {
      const next = await editMethod(desk, call, address, (method) => {
        const after = patched(integrationOf(method), patchOperations, integrationUpdates);
        checkIntegration(after);
        return { ...method, methodIntegration: { cacheKeyParameters: [], ...after } };
      });
      return integrationOf(next);
    },

    async DeleteIntegration(address, call) {
      await editMethod(desk, call, address, (method) => {
        integrationOf(method);
        const { methodIntegration: _gone, ...rest } = method;
        return rest;
      });
      return {};
    },

    async PutIntegrationResponse({ restApiId, resourceId, httpMethod, statusCode = '', ...input }, call) {
      const response = readResponse({ ...input, statusCode });
      await editMethod(desk, call, { restApiId, resourceId, httpMethod }, (method) => {
        const integration = integrationOf(method);
        checkDeclared(method, response);
        return {
          ...method,
          methodIntegration: {
            ...integration,
            integrationResponses: { ...integration.integrationResponses, [statusCode]: response },
          },
        };
      });
      return response;
    },

    async GetIntegrationResponse({ statusCode, ...address }, call) {
      const resource = desk.part('resource', call, address.restApiId, address.resourceId);
      const method = Object.hasOwn(resource.methods, address.httpMethod ?? '') ? methodOf(resource, address.httpMethod) : {};
      return responseOf(integrationOf(method), statusCode);
    },

    async UpdateIntegrationResponse({ statusCode = '', patchOperations, ...address }, call) {
      const next = await editMethod(desk, call, address, (method) => {
        const integration = integrationOf(method);
        const response = readResponse(patched(responseOf(integration, statusCode), patchOperations, responseUpdates));
        checkDeclared(method, response);
        const integrationResponses = { ...integration.integrationResponses, [statusCode]: response };
        return { ...method, methodIntegration: { ...integration, integrationResponses } };
      });
      return responseOf(integrationOf(next), statusCode);
    },

    async DeleteIntegrationResponse({ statusCode = '', ...address }, call) {
      // A method that is not there has no integration either, as recorded.
      const { methods } = desk.part('resource', call, address.restApiId, address.resourceId);
      if (!Object.hasOwn(methods, address.httpMethod ?? '')) throw noIntegration();
      await editMethod(desk, call, address, (method) => {
        const { integrationResponses, ...rest } = integrationOf(method);
        responseOf({ integrationResponses }, statusCode);
        const { [statusCode]: _gone, ...others } = integrationResponses ?? {};
        return {
          ...method,
          methodIntegration: Object.keys(others).length === 0 ? rest : { ...rest, integrationResponses: others },
        };
      });
      return {};
    },
  };
}

const noIntegration = (): Error => notFound('Invalid Integration identifier specified');

function integrationOf({ methodIntegration }: MethodRecord): IntegrationRecord {
  if (methodIntegration === undefined) throw noIntegration();
  return methodIntegration;
}

function responseOf({ integrationResponses: all }: IntegrationRecord, statusCode = ''): IntegrationResponseRecord {
  const found = all !== undefined && Object.hasOwn(all, statusCode) ? all[statusCode] : undefined;
  if (found === undefined) throw noResponse();
  return found;
}

/** @throws BadRequestException */
export function readIntegration(given: IntegrationRecord, resourceId: string): IntegrationRecord {
  const { type } = given;
  const isHttp = type === 'HTTP' || type === 'HTTP_PROXY';
  const integration: IntegrationRecord = {
    ...given,
    cacheKeyParameters: given.cacheKeyParameters ?? [],
    cacheNamespace: given.cacheNamespace ?? resourceId,
    passthroughBehavior: given.passthroughBehavior?.toUpperCase() ?? 'WHEN_NO_MATCH',
    timeoutInMillis: given.timeoutInMillis ?? 29_000,
    ...(isHttp ? { connectionType: given.connectionType ?? 'INTERNET' } : {}),
  };
  checkIntegration(integration);
  return integration;
}

function checkIntegration({
  type,
  uri = '',
  httpMethod,
  passthroughBehavior = '',
  timeoutInMillis = 0,
  connectionType,
  connectionId,
  requestParameters,
  requestTemplates,
}: IntegrationRecord): void {
  if (type !== 'MOCK' && httpMethod === undefined) throw badRequest('Enumeration value for HttpMethod must be non-empty');
  if (type === 'AWS' || type === 'AWS_PROXY') checkArn(uri, type);
  if ((type === 'HTTP' || type === 'HTTP_PROXY') && !/^https?:\/\/.|^\$\{stageVariables\./.test(uri))
    throw badRequest('Invalid HTTP endpoint specified for URI');
  if (connectionType === 'VPC_LINK' && (connectionId ?? '') === '')
    throw badRequest('ConnectionId is required when connectionType is VPC_LINK');
  if (!passthroughs.includes(passthroughBehavior))
    throw badRequest(`Invalid passthrough behavior specified. Valid options are [${passthroughs.join(', ')}]`);
  if (timeoutInMillis < leastMs || timeoutInMillis > mostMs)
    throw badRequest(`Timeout should be between ${leastMs} ms and 29000 ms`);
  for (const value of Object.values(requestParameters ?? {})) checkExpression(value);
  checkTypes(requestTemplates);
}

/** `arn:aws:apigateway:us-east-1:sqs:path/111111111111/queue`, `…:sqs:action/SendMessage` */
function checkArn(uri: string, type: string): void {
  if (!uri.startsWith('arn:')) throw badRequest('Invalid ARN specified in the request');
  const [, , , , , what = ''] = uri.split(':');
  if (!/^(?:path|action)\//.test(what)) throw badRequest('AWS ARN for integration must contain path or action');
  if (
    type === 'AWS_PROXY' &&
    !/:(?:lambda:path\/\d{4}-\d\d-\d\d\/functions\/arn:[^/]+\/(?:invocations|response-streaming-invocations)|lambda:path\/\d{4}-\d\d-\d\d\/functions\/.*\$\{stageVariables\.|firehose:action\/PutRecord(?:Batch)?$)/.test(
      uri,
    )
  )
    throw badRequest("Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.");
}

/** Where a value comes from: `method.request.header.x`, `context.x`, `stageVariables.x`, `'as it stands'`. */
const expression =
  /^(?:method\.request\.(?:body|(?:path|querystring|header|multivaluequerystring|multivalueheader)\.)|integration\.response\.(?:body|(?:header|multivalueheader)\.)|stageVariables\.|context\.|'[^]*'$)/;

export function checkExpression(value: string): void {
  if (!expression.test(value))
    throw badRequest(
      `Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: ${value}]`,
    );
}

function checkTypes(templates: Readonly<Record<string, unknown>> | undefined): void {
  for (const type of Object.keys(templates ?? {}))
    if (!type.includes('/') && !type.startsWith('$'))
      throw badRequest(`Validation Result: warnings : [], errors : [Invalid content type specified: ${type}]`);
}

/** What an integration sets in a response, the method has to say that it has. */
function checkDeclared(
  { methodResponses = {} }: MethodRecord,
  { statusCode = '', responseParameters = {} }: IntegrationResponseRecord,
): void {
  const declared = methodResponses[statusCode]?.responseParameters ?? {};
  for (const name of Object.keys(responseParameters))
    if (!Object.hasOwn(declared, name)) throw badRequest(`Invalid mapping expression parameter specified: ${name}`);
}

/** A template without a text is none, and shown as such. */
function readResponse(response: IntegrationResponseRecord): IntegrationResponseRecord {
  for (const value of Object.values(response.responseParameters ?? {})) checkExpression(value);
  checkTypes(response.responseTemplates);
  if (response.responseTemplates === undefined) return response;
  const templates = Object.entries(response.responseTemplates).map(([type, template]) => [
    type,
    template === '' ? null : template,
  ]);
  return { ...response, responseTemplates: Object.fromEntries(templates) as Record<string, string> };
}

const whole = (read: (value: string) => unknown = text) => member(read, ['replace', 'remove']);

const integrationUpdates: Table = {
  places: {
    '/type': member(),
    '/httpMethod': member(),
    '/uri': member(),
    '/credentials': whole(),
    '/connectionType': member(),
    '/connectionId': whole(),
    '/passthroughBehavior': member(),
    '/contentHandling': whole((value) => (value === '' ? undefined : value)),
    '/timeoutInMillis': member(number),
    '/cacheNamespace': member(),
    '/cacheKeyParameters': values(),
    '/cacheKeyParameters/{name}': {
      ops: ['add', 'remove'],
      apply: (document, [list = '', name = ''], { op }) => ({
        ...document,
        [list]: [
          ...((document[list] ?? []) as readonly string[]).filter((each) => each !== name),
          ...(op === 'add' ? [name] : []),
        ],
      }),
    },
    '/requestParameters/{name}': entry(),
    '/requestTemplates/{type}': entry(),
    '/tlsConfig/insecureSkipVerification': member(truth),
    '/responseTransferMode': member(),
    '/integrationTarget': whole(),
  },
  words: brief,
};

const responseUpdates: Table = {
  places: {
    '/selectionPattern': whole(),
    '/contentHandling': whole((value) => (value === '' ? undefined : value)),
    '/responseParameters/{name}': entry(text, { missing: () => notFound('Invalid parameter name specified') }),
    '/responseTemplates/{type}': entry(text, { missing: () => notFound('Invalid parameter name specified') }),
  },
  words: brief,
};
