import type { ApiGatewayV2Operations, Handlers } from '@mayfly/wire';
import { given, within, type HttpDesk } from './desk.ts';
import { badRequest, conflict } from './faults.ts';
import { paged } from './pages.ts';
import type { AuthorizerRecord } from './records.ts';

type AuthorizerHandlers = Pick<
  Handlers<ApiGatewayV2Operations>,
  'CreateAuthorizer' | 'GetAuthorizer' | 'GetAuthorizers' | 'UpdateAuthorizer' | 'DeleteAuthorizer' | 'ResetAuthorizersCache'
>;

/** @param forget  answers of authorizers that were kept for a stage */
export function authorizerHandlers(desk: HttpDesk, forget: (apiId: string) => void): AuthorizerHandlers {
  return {
    async CreateAuthorizer({ ApiId: apiId = '', ...input }, call) {
      const authorizer = { ...readAuthorizer(input), id: desk.newId(6) };
      const made = await desk.put('authorizer', call, apiId, authorizer, (draft) => {
        if (draft.list('authorizer', within(call, apiId)).some(({ Name: name }) => name === authorizer.Name))
          throw badRequest(`Authorizer name must be unique. Authorizer ${authorizer.Name} already exists in this RestApi.`);
      });
      return shown(made);
    },

    GetAuthorizer: async (input, call) => shown(desk.part('authorizer', call, input.ApiId, input.AuthorizerId)),

    GetAuthorizers: async (input, call) => paged(desk.parts('authorizer', call, input.ApiId), input, ({ id }) => id, shown),

    async UpdateAuthorizer({ ApiId: apiId = '', AuthorizerId: id = '', ...input }, call) {
      return shown(await desk.merge('authorizer', call, apiId, id, (before) => readAuthorizer({ ...before, ...given(input) })));
    },

    async DeleteAuthorizer({ ApiId: apiId = '', AuthorizerId: id = '' }, call) {
      await desk.drop('authorizer', call, apiId, id, (draft) => {
        if (draft.list('route', within(call, apiId)).some(({ AuthorizerId: used }) => used === id))
          throw conflict('Authorizer is referenced by a route of this API.');
      });
      return {};
    },

    async ResetAuthorizersCache({ ApiId: apiId = '', StageName: name = '' }, call) {
      desk.part('stage', call, apiId, name);
      forget(apiId);
      return {};
    },
  };
}

/** @throws BadRequestException for what cannot decide */
export function readAuthorizer<Input extends Omit<AuthorizerRecord, 'id'>>(authorizer: Input): Input {
  const { AuthorizerType: type, JwtConfiguration: jwt, AuthorizerPayloadFormatVersion: format } = authorizer;
  for (const source of authorizer.IdentitySource ?? [])
    if (!isIdentitySource(source)) throw badRequest(`Invalid identity source expression specified: ${source}`);
  if (type === 'JWT') {
    if (jwt?.Issuer === undefined) throw badRequest('JwtConfiguration with an issuer is required for JWT authorizers');
    if (!/^https?:\/\/[^/]/.test(jwt.Issuer)) throw badRequest(`Invalid issuer: ${jwt.Issuer}. Issuer must be a URL.`);
    return authorizer;
  }
  if (authorizer.AuthorizerUri === undefined) throw badRequest('AuthorizerUri is required for REQUEST authorizers');
  if (format !== '1.0' && format !== '2.0')
    throw badRequest('AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer');
  if (authorizer.EnableSimpleResponses === true && format !== '2.0')
    throw badRequest('EnableSimpleResponses is only supported for authorizers with payload format version 2.0');
  const ttlS = authorizer.AuthorizerResultTtlInSeconds ?? 0;
  if (ttlS < 0 || ttlS > 3600) throw badRequest('AuthorizerResultTtlInSeconds must be between 0 and 3600');
  if (ttlS > 0 && (authorizer.IdentitySource ?? []).length === 0)
    throw badRequest('An identity source is required where answers of the authorizer are cached');
  return authorizer;
}

/** @source API Gateway Developer Guide, "Control access to HTTP APIs with AWS Lambda authorizers", identity sources, read 2026-11 */
const isIdentitySource = (source: string): boolean =>
  /^\$(request\.(header|querystring)|context|stageVariables)\.[^{}]+$/.test(source);

const shown = ({ id, managed: _managed, ...authorizer }: AuthorizerRecord) => ({ ...authorizer, AuthorizerId: id });
