import type { ApiGatewayOperations, Handlers } from '@mayfly/wire';
import { within, type Place, type RestDesk } from './desk.ts';
import { badRequest, notFound } from './faults.ts';
import { brief, entry, member, patched, text, type Table } from './patch.ts';
import type { GatewayResponseRecord } from './records.ts';

type GatewayResponseHandlers = Pick<
  Handlers<ApiGatewayOperations>,
  'PutGatewayResponse' | 'GetGatewayResponse' | 'GetGatewayResponses' | 'UpdateGatewayResponse' | 'DeleteGatewayResponse'
>;
type ResponseType = NonNullable<ApiGatewayOperations['GetGatewayResponse']['output']['responseType']>;

/** Status by type. @source API Gateway Developer Guide, "Gateway response types for API Gateway", and as recorded */
const statuses: Readonly<Record<ResponseType, string | undefined>> = {
  ACCESS_DENIED: '403',
  API_CONFIGURATION_ERROR: '500',
  AUTHORIZER_CONFIGURATION_ERROR: '500',
  AUTHORIZER_FAILURE: '500',
  BAD_REQUEST_BODY: '400',
  BAD_REQUEST_PARAMETERS: '400',
  DEFAULT_4XX: undefined,
  DEFAULT_5XX: undefined,
  EXPIRED_TOKEN: '403',
  INTEGRATION_FAILURE: '504',
  INTEGRATION_TIMEOUT: '504',
  INVALID_API_KEY: '403',
  INVALID_SIGNATURE: '403',
  MISSING_AUTHENTICATION_TOKEN: '403',
  QUOTA_EXCEEDED: '429',
  REQUEST_TOO_LARGE: '413',
  RESOURCE_NOT_FOUND: '404',
  THROTTLED: '429',
  UNAUTHORIZED: '401',
  UNSUPPORTED_MEDIA_TYPE: '415',
  WAF_FILTERED: '403',
};

export const plainTemplates: Readonly<Record<string, string>> = {
  'application/json': '{"message":$context.error.messageString}',
};

/** What the gateway itself says, where an API says it in its own way. */
export function gatewayResponseHandlers(desk: RestDesk): GatewayResponseHandlers {
  const shownIn = (place: Place, apiId: string, type: ResponseType) => {
    const scope = within(place, apiId);
    const own = desk.records.get('gatewayResponse', scope, type);
    if (own !== undefined) return shown(type, own, false);
    const kind = statuses[type]?.startsWith('5') === true ? 'DEFAULT_5XX' : 'DEFAULT_4XX';
    return shown(type, desk.records.get('gatewayResponse', scope, kind) ?? { id: type }, true);
  };
  return {
    async PutGatewayResponse({ restApiId = '', responseType, ...input }, call) {
      const type = responseType as ResponseType;
      const made = await desk.make('gatewayResponse', call, restApiId, { ...input, id: type });
      return shown(type, made, false);
    },

    async GetGatewayResponse({ restApiId = '', responseType }, call) {
      desk.api(call, restApiId);
      return shownIn(call, restApiId, responseType as ResponseType);
    },

    async GetGatewayResponses({ restApiId = '' }, call) {
      desk.api(call, restApiId);
      return { items: (Object.keys(statuses) as ResponseType[]).map((type) => shownIn(call, restApiId, type)) };
    },

    async UpdateGatewayResponse({ restApiId = '', responseType, patchOperations }, call) {
      const type = responseType as ResponseType;
      const next = await desk.change(restApiId, (draft) => {
        desk.api(call, restApiId, draft);
        const scope = within(call, restApiId);
        const before = draft.get('gatewayResponse', scope, type) ?? { id: type };
        const after = patched<GatewayResponseRecord>(
          { ...before, responseTemplates: before.responseTemplates ?? plainTemplates },
          patchOperations,
          updates,
        );
        draft.put('gatewayResponse', scope, type, after);
        return after;
      });
      return shown(type, next, false);
    },

    async DeleteGatewayResponse({ restApiId = '', responseType = '' }, call) {
      desk.api(call, restApiId);
      await desk.drop('gatewayResponse', call, restApiId, responseType);
      return {};
    },
  };
}

const shown = (responseType: ResponseType, response: GatewayResponseRecord, defaultResponse: boolean) => {
  const statusCode = response.statusCode ?? statuses[responseType];
  return {
    responseType,
    defaultResponse,
    responseParameters: response.responseParameters ?? {},
    responseTemplates: response.responseTemplates ?? plainTemplates,
    ...(statusCode === undefined ? {} : { statusCode }),
  };
};

const nothingIn = (what: string) => (): Error => badRequest(`Invalid null or empty value in ${what}`);

const updates: Table = {
  places: {
    '/statusCode': member(),
    '/responseParameters/{name}': entry(text, {
      missing: () => notFound('Invalid parameter name specified'),
      empty: nothingIn('responseParameters'),
    }),
    '/responseTemplates/{type}': entry(text, {
      missing: () => notFound('Invalid parameter name specified'),
      empty: nothingIn('responseTemplates'),
    }),
  },
  words: brief,
};
