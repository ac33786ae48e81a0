import type { ApiGatewayV2Operations, Handlers } from '@mayfly/wire';
import { given, within, type HttpDesk } from './desk.ts';
import { badRequest, conflict, notHere } from './faults.ts';
import { paged } from './pages.ts';
import { requestRules, responseRules } from './mapping/rules.ts';
import { subtypeParameters } from './mapping/subtypes.ts';
import type { IntegrationRecord } from './records.ts';

type IntegrationHandlers = Pick<
  Handlers<ApiGatewayV2Operations>,
  'CreateIntegration' | 'GetIntegration' | 'GetIntegrations' | 'UpdateIntegration' | 'DeleteIntegration'
>;

export function integrationHandlers(desk: HttpDesk): IntegrationHandlers {
  return {
    async CreateIntegration({ ApiId: apiId = '', ...input }, call) {
      return shown(await desk.put('integration', call, apiId, { ...readIntegration(input), id: desk.newId(7) }));
    },

    GetIntegration: async (input, call) => shown(desk.part('integration', call, input.ApiId, input.IntegrationId)),

    GetIntegrations: async (input, call) => paged(desk.parts('integration', call, input.ApiId), input, ({ id }) => id, shown),

    async UpdateIntegration({ ApiId: apiId = '', IntegrationId: id = '', ...input }, call) {
      const merged = await desk.merge('integration', call, apiId, id, (before) => ({
        ...readIntegration({ ...before, ...given(input), ...mergedMappings(before, input) }),
        id,
      }));
      return shown(merged);
    },

    async DeleteIntegration({ ApiId: apiId = '', IntegrationId: id = '' }, call) {
      await desk.drop('integration', call, apiId, id, (draft) => {
        const route = draft.list('route', within(call, apiId)).find(({ Target: target }) => target === `integrations/${id}`);
        if (route !== undefined)
          throw conflict(`Cannot delete Integration '${id}'. Route '${route.id}' is using it as its target.`);
      });
      return {};
    },
  };
}

type Mappings = Pick<IntegrationRecord, 'RequestParameters' | 'ResponseParameters'>;

/** Parameters are merged; one that is set to nothing goes, as does a status without any. */
function mergedMappings(before: Mappings, input: Mappings): Mappings {
  const merged = <T>(was: Readonly<Record<string, T>> = {}, now: Readonly<Record<string, T>>, isThere: (value: T) => boolean) =>
    Object.fromEntries(Object.entries({ ...was, ...now }).filter(([, value]) => isThere(value)));
  const { RequestParameters: request, ResponseParameters: response } = input;
  return {
    ...(request === undefined ? {} : { RequestParameters: merged(before.RequestParameters, request, (value) => value !== '') }),
    ...(response === undefined
      ? {}
      : { ResponseParameters: merged(before.ResponseParameters, response, (value) => Object.keys(value).length > 0) }),
  };
}

/** @throws BadRequestException for what cannot be one */
export function readIntegration<Input extends Omit<IntegrationRecord, 'id'>>(input: Input): Input {
  const { IntegrationType: type, PayloadFormatVersion: format, IntegrationSubtype: subtype } = input;
  if (type === 'AWS' || type === 'HTTP' || type === 'MOCK') throw badRequest(`HTTP APIs do not support Integration type ${type}`);
  if (type !== 'AWS_PROXY' && type !== 'HTTP_PROXY') throw badRequest(`Invalid integration type specified: ${type}`);
  if (input.ConnectionType === 'VPC_LINK') throw notHere('private integrations');
  if (format !== undefined && format !== '1.0' && format !== '2.0')
    throw badRequest('Invalid PayloadFormatVersion. Supported values are 1.0 and 2.0');
  if (type === 'AWS_PROXY' && format === undefined)
    throw badRequest('PayloadFormatVersion is a required parameter for integration');
  const timeoutMs = input.TimeoutInMillis;
  if (timeoutMs !== undefined && (timeoutMs < 50 || timeoutMs > 30_000))
    throw badRequest('Timeout should be between 50 ms and 30000 ms');
  responseRules(input.ResponseParameters);
  if (subtype === undefined) checkUri(input);
  else checkSubtype(subtype, input);
  return input;
}

function checkUri({
  IntegrationType: type,
  IntegrationUri: uri,
  RequestParameters: parameters,
}: Omit<IntegrationRecord, 'id'>): void {
  if (uri === undefined || uri === '') throw badRequest('Integration uri must be specified');
  if (type === 'HTTP_PROXY' && !/^https?:\/\/[^/]/.test(uri)) throw badRequest('Invalid HTTP endpoint specified for URI');
  requestRules(parameters);
}

function checkSubtype(subtype: string, input: Omit<IntegrationRecord, 'id'>): void {
  if (input.IntegrationType !== 'AWS_PROXY') throw badRequest('Integration subtypes are of integrations of type AWS_PROXY');
  if (input.PayloadFormatVersion !== '1.0')
    throw badRequest(`Invalid PayloadFormatVersion for integration subtype ${subtype}. Supported values are: 1.0`);
  if (input.IntegrationUri !== undefined) throw badRequest('Integration uri should not be specified for an integration subtype');
  if (!/^arn:aws[\w-]*:iam::\d{12}:role\//.test(input.CredentialsArn ?? ''))
    throw badRequest(`Credentials ARN must be specified for integration subtype ${subtype}`);
  subtypeParameters(subtype, input.RequestParameters);
}

function shown({ id, managed, ...integration }: IntegrationRecord) {
  return {
    ...integration,
    IntegrationId: id,
    ConnectionType: integration.ConnectionType ?? ('INTERNET' as const),
    ...(integration.IntegrationType === 'AWS_PROXY' ? { IntegrationMethod: integration.IntegrationMethod ?? 'POST' } : {}),
    PayloadFormatVersion: integration.PayloadFormatVersion ?? '1.0',
    TimeoutInMillis: integration.TimeoutInMillis ?? 30_000,
    ...(managed === true ? { ApiGatewayManaged: true } : {}),
  };
}
