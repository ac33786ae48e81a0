import type { ApiGatewayOperations, Handlers } from '@mayfly/wire';
import { scopeOf } from '../kit/index.ts';
import { within, type RestDesk } from './desk.ts';
import { badRequest, conflict } from './faults.ts';
import { paged } from './pages.ts';
import { listing, member, patched, text, truth, type Table } from './patch.ts';
import type { ValidatorRecord } from './records.ts';

type ValidatorHandlers = Pick<
  Handlers<ApiGatewayOperations>,
  'CreateRequestValidator' | 'GetRequestValidator' | 'GetRequestValidators' | 'UpdateRequestValidator' | 'DeleteRequestValidator'
>;

export function validatorHandlers(desk: RestDesk): ValidatorHandlers {
  return {
    async CreateRequestValidator({ restApiId = '', ...input }, call) {
      if (desk.records.get('api', scopeOf(call), restApiId) === undefined)
        throw badRequest('Invalid REST API identifier specified');
      const validator = { validateRequestBody: false, validateRequestParameters: false, ...input, id: desk.newId() };
      return desk.make('validator', call, restApiId, validator);
    },

    GetRequestValidator: async ({ restApiId, requestValidatorId }, call) =>
      desk.part('validator', call, restApiId, requestValidatorId),

    GetRequestValidators: async ({ restApiId, ...page }, call) =>
      paged(
        desk.parts('validator', call, restApiId),
        page,
        ({ name = '', id }) => `${name} ${id}`,
        (each) => each,
      ),

    UpdateRequestValidator: async ({ restApiId, requestValidatorId, patchOperations }, call) =>
      desk.edit('validator', call, restApiId, requestValidatorId, (before) => ({
        // What is replaced by nothing is no longer so.
        validateRequestBody: false,
        validateRequestParameters: false,
        ...patched<ValidatorRecord>(before, patchOperations, updates),
      })),

    async DeleteRequestValidator({ restApiId = '', requestValidatorId = '' }, call) {
      await desk.drop('validator', call, restApiId, requestValidatorId, (draft) => {
        const used = draft
          .list('resource', within(call, restApiId))
          .flatMap(({ methods }) => Object.values(methods))
          .some((method) => method.requestValidatorId === requestValidatorId);
        if (used) throw conflict(`Cannot delete request validator '${requestValidatorId}', is referenced in a method`);
      });
      return {};
    },
  };
}

const notBlank = (name: unknown): void => {
  if (name === undefined || name === '') throw badRequest('Request Validator name cannot be blank');
};

const updates: Table = {
  places: {
    '/name': member(text, ['replace'], notBlank),
    '/validateRequestParameters': member(truth),
    '/validateRequestBody': member(truth),
  },
  words: listing,
};
