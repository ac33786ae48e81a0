import type { ApiGatewayV2Operations, Handlers } from '@mayfly/wire';
import { given, within, type HttpDesk } from './desk.ts';
import { badRequest, conflict, notHere } from './faults.ts';
import { paged } from './pages.ts';
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
        ...readIntegration({ ...before, ...given(input) }),
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

/** @throws BadRequestException for what cannot be one */
export function readIntegration<Input extends Omit<IntegrationRecord, 'id'>>(input: Input): Input {
  const { IntegrationType: type, IntegrationUri: uri, PayloadFormatVersion: format, IntegrationSubtype: subtype } = input;
  if (type === 'AWS' || type === 'HTTP' || type === 'MOCK') throw badRequest(`HTTP APIs do not support Integration type ${type}`);
  if (subtype !== undefined) throw notHere('integrations of HTTP APIs with other services');
  if (input.ConnectionType === 'VPC_LINK') throw notHere('private integrations');
  const mapped = { ...input.RequestParameters, ...input.ResponseParameters };
  if (Object.keys(mapped).length > 0) throw notHere('parameter mappings of HTTP APIs');
  if (uri === undefined || uri === '') throw badRequest('Integration uri must be specified');
  if (format !== undefined && format !== '1.0' && format !== '2.0')
    throw badRequest('Invalid PayloadFormatVersion. Supported values are 1.0 and 2.0');
  if (type === 'AWS_PROXY' && format === undefined)
    throw badRequest('PayloadFormatVersion is a required parameter for integration');
  if (type === 'HTTP_PROXY' && !/^https?:\/\/[^/]/.test(uri)) throw badRequest('Invalid HTTP endpoint specified for URI');
  const timeoutMs = input.TimeoutInMillis;
  if (timeoutMs !== undefined && (timeoutMs < 50 || timeoutMs > 30_000))
    throw badRequest('Timeout should be between 50 ms and 30000 ms');
  return input;
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
