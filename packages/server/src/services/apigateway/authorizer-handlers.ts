import type { ApiGatewayOperations, Handlers } from '@mayfly/wire';
import { pathsOf, within, type RestDesk } from './desk.ts';
import { badRequest, conflict } from './faults.ts';
import { paged } from './pages.ts';
import { brief, member, number, patched, text, values, type Table } from './patch.ts';
import type { AuthorizerRecord } from './records.ts';

type AuthorizerHandlers = Pick<
  Handlers<ApiGatewayOperations>,
  'CreateAuthorizer' | 'GetAuthorizer' | 'GetAuthorizers' | 'UpdateAuthorizer' | 'DeleteAuthorizer'
>;

/** @source API Gateway API Reference, CreateAuthorizer: authorizerResultTtlInSeconds, read 2026-11 */
const mostTtlS = 3600;

/** Who decides about callers: functions, and user pools. */
export function authorizerHandlers(desk: RestDesk): AuthorizerHandlers {
  return {
    async CreateAuthorizer({ restApiId = '', ...input }, call) {
      const authorizer = readAuthorizer({ ...input, id: desk.newId() });
      return desk.make('authorizer', call, restApiId, authorizer, (draft) => {
        if (draft.list('authorizer', within(call, restApiId)).some(({ name }) => name === authorizer.name))
          throw conflict('Authorizer name must be unique. Authorizer with this name already exists.');
      });
    },

    GetAuthorizer: async ({ restApiId, authorizerId }, call) => desk.part('authorizer', call, restApiId, authorizerId),

    GetAuthorizers: async ({ restApiId, ...page }, call) =>
      paged(
        desk.parts('authorizer', call, restApiId),
        page,
        ({ name = '', id }) => `${name} ${id}`,
        (each) => each,
      ),

    UpdateAuthorizer: async ({ restApiId, authorizerId, patchOperations }, call) =>
      desk.edit('authorizer', call, restApiId, authorizerId, (before) =>
        readAuthorizer(patched<AuthorizerRecord>(before, patchOperations, updates)),
      ),

    async DeleteAuthorizer({ restApiId = '', authorizerId = '' }, call) {
      await desk.drop('authorizer', call, restApiId, authorizerId, (draft) => {
        const resources = draft.list('resource', within(call, restApiId));
        for (const { id, methods } of resources)
          for (const [httpMethod, method] of Object.entries(methods))
            if (method.authorizerId === authorizerId)
              throw conflict(
                `Cannot delete authorizer '${authorizerId}', is referenced in method: ${pathsOf(resources).get(id) ?? ''}/${httpMethod}`,
              );
      });
      return {};
    },
  };
}

/** @throws BadRequestException */
export function readAuthorizer(authorizer: AuthorizerRecord): AuthorizerRecord {
  const { type, name = '', authorizerUri: uri = '', authorizerResultTtlInSeconds: ttl, identitySource = '' } = authorizer;
  if (name === '') throw badRequest('Authorizer name cannot be empty');
  if (type === 'COGNITO_USER_POOLS') {
    if ((authorizer.providerARNs ?? []).length === 0)
      throw badRequest('Invalid Authorizer. Provider ARNs cannot be empty for COGNITO_USER_POOLS');
  } else if (!/^arn:[^:]*:apigateway:[^:]*:lambda:path\/.+\/invocations$/.test(uri))
    throw badRequest(
      'Invalid Authorizer URI: ' +
        uri +
        '. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation.',
    );
  if (ttl !== undefined && !(Number.isInteger(ttl) && ttl >= 0 && ttl <= mostTtlS))
    throw badRequest(`Invalid authorizerResultTtlInSeconds: ${ttl}. Valid values are between 0 and ${mostTtlS}`);
  if (type === 'TOKEN' && !/^method\.request\.header\.[^\s,]+$/.test(identitySource))
    throw badRequest('Invalid identity source specified for TOKEN authorizer: ' + identitySource);
  return { ...authorizer, authType: authorizer.authType ?? (type === 'COGNITO_USER_POOLS' ? 'cognito_user_pools' : 'custom') };
}

const updates: Table = {
  places: {
    '/name': member(),
    '/type': member(),
    '/authType': member(),
    '/authorizerUri': member(),
    '/authorizerCredentials': member(text, ['replace', 'remove']),
    '/authorizerResultTtlInSeconds': member(number),
    '/identitySource': member(),
    '/identityValidationExpression': member(text, ['replace', 'remove']),
    '/providerARNs': values(),
  },
  words: brief,
};
