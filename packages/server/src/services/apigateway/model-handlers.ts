import type { ApiGatewayOperations, Handlers } from '@mayfly/wire';
import { pathsOf, within, type Draft, type RestDesk } from './desk.ts';
import { badRequest, conflict } from './faults.ts';
import { paged } from './pages.ts';
import { listing, member, patched, type Table } from './patch.ts';
import type { ModelRecord } from './records.ts';

type ModelHandlers = Pick<
  Handlers<ApiGatewayOperations>,
  'CreateModel' | 'GetModel' | 'GetModels' | 'UpdateModel' | 'DeleteModel'
>;

/** What a new API has: as it comes from AWS, to the blank. */
export const defaultModels = (desk: RestDesk): readonly (ModelRecord & { readonly name: string })[] => [
  {
    id: desk.newId(),
    name: 'Empty',
    description: 'This is a default empty schema model',
    contentType: 'application/json',
    schema: '{\n  "$schema": "http://json-schema.org/draft-04/schema#",\n  "title" : "Empty Schema",\n  "type" : "object"\n}',
  },
  {
    id: desk.newId(),
    name: 'Error',
    description: 'This is a default error schema model',
    contentType: 'application/json',
    schema:
      '{\n  "$schema" : "http://json-schema.org/draft-04/schema#",\n  "title" : "Error Schema",\n  "type" : "object",\n  "properties" : {\n    "message" : { "type" : "string" }\n  }\n}',
  },
];

export function modelHandlers(desk: RestDesk): ModelHandlers {
  return {
    async CreateModel({ restApiId = '', name = '', ...input }, call) {
      const model: ModelRecord & { readonly name: string } = { ...input, id: desk.newId(), name };
      await desk.change(restApiId, (draft) => {
        if (name === '') throw badRequest('Model name must be non-empty');
        if (!/^[a-zA-Z0-9]+$/.test(name)) throw badRequest('Model name must be alphanumeric');
        desk.api(call, restApiId, draft);
        if (draft.get('model', within(call, restApiId), name) !== undefined)
          throw conflict('Model name already exists for this REST API');
        checkSchema(input.schema);
        draft.put('model', within(call, restApiId), name, model);
      });
      return model;
    },

    GetModel: async ({ restApiId, modelName }, call) => desk.part('model', call, restApiId, modelName),

    GetModels: async ({ restApiId, ...page }, call) =>
      paged(
        desk.parts('model', call, restApiId),
        page,
        ({ name = '' }) => name,
        (model) => model,
      ),

    UpdateModel: async ({ restApiId, modelName, patchOperations }, call) =>
      desk.edit('model', call, restApiId, modelName, (before) => {
        const after = patched(before, patchOperations, updates);
        checkSchema(after.schema);
        return after;
      }),

    async DeleteModel({ restApiId = '', modelName = '' }, call) {
      await desk.drop('model', call, restApiId, modelName, (draft) => checkUnused(draft, within(call, restApiId), modelName));
      return {};
    },
  };
}

function checkSchema(schema: string | undefined): void {
  const empty = (): Error => badRequest('Model schema must have at least 1 property or array items defined');
  if (schema === undefined || schema === '') throw empty();
  let read: unknown;
  try {
    read = JSON.parse(schema);
  } catch {
    throw badRequest('Invalid model schema specified. Unsupported keyword(s): [] or the schema is not valid JSON');
  }
  if (typeof read !== 'object' || read === null || Object.keys(read).length === 0) throw empty();
}

function checkUnused(draft: Draft, scope: string, name: string): void {
  const resources = draft.list('resource', scope);
  const paths = pathsOf(resources);
  // The last of them is named, as recorded.
  for (const { id, methods } of resources.toSorted((a, b) => ((paths.get(a.id) ?? '') < (paths.get(b.id) ?? '') ? 1 : -1)))
    for (const [httpMethod, { requestModels, methodResponses }] of Object.entries(methods)) {
      // The root is `//GET` here.
      const at = `${paths.get(id) ?? ''}/${httpMethod}`;
      if (Object.values(requestModels ?? {}).includes(name))
        throw conflict(`Cannot delete model '${name}', is referenced in method request: ${at}`);
      for (const { responseModels } of Object.values(methodResponses ?? {}))
        if (Object.values(responseModels ?? {}).includes(name))
          throw conflict(`Cannot delete model '${name}', is referenced in method response: ${at}`);
    }
}

const updates: Table = { places: { '/schema': member(), '/description': member() }, words: listing };
