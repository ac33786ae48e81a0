import type { ApiGatewayOperations, Handlers } from '@mayfly/wire';
import { given, within, type RestDesk } from './desk.ts';
import { conflict } from './faults.ts';
import { paged } from './pages.ts';
import { brief, listing, member, patched, text, type Table } from './patch.ts';
import { readDocumentation } from './openapi/index.ts';
import type { DocumentationPartRecord, DocumentationVersionRecord } from './records.ts';

type DocumentationHandlers = Pick<
  Handlers<ApiGatewayOperations>,
  | 'CreateDocumentationPart'
  | 'GetDocumentationPart'
  | 'GetDocumentationParts'
  | 'UpdateDocumentationPart'
  | 'DeleteDocumentationPart'
  | 'ImportDocumentationParts'
  | 'CreateDocumentationVersion'
  | 'GetDocumentationVersion'
  | 'GetDocumentationVersions'
  | 'UpdateDocumentationVersion'
  | 'DeleteDocumentationVersion'
>;

/** What an API's owner says about it, part by part. */
export function documentationHandlers(desk: RestDesk): DocumentationHandlers {
  return {
    async CreateDocumentationPart({ restApiId = '', location, properties }, call) {
      const part: DocumentationPartRecord = { id: desk.newId(), location, properties };
      return desk.make('documentationPart', call, restApiId, part, (draft) => {
        if (draft.list('documentationPart', within(call, restApiId)).some((each) => placeOf(each) === placeOf(part)))
          throw conflict('Documentation part already exists for the specified location');
      });
    },

    GetDocumentationPart: async ({ restApiId, documentationPartId }, call) =>
      desk.part('documentationPart', call, restApiId, documentationPartId),

    async GetDocumentationParts({ restApiId, type, nameQuery, path, limit, position }, call) {
      const wanted = desk
        .parts('documentationPart', call, restApiId)
        .filter(({ location }) => type === undefined || location?.type === type)
        .filter(({ location }) => nameQuery === undefined || location?.name?.includes(nameQuery) === true)
        .filter(({ location }) => path === undefined || location?.path === path);
      return paged(wanted, { limit, position }, placeOf, (part) => part);
    },

    UpdateDocumentationPart: async ({ restApiId, documentationPartId, patchOperations }, call) =>
      desk.edit('documentationPart', call, restApiId, documentationPartId, (before) =>
        patched(before, patchOperations, partUpdates),
      ),

    async DeleteDocumentationPart({ restApiId, documentationPartId }, call) {
      await desk.drop('documentationPart', call, restApiId, documentationPartId);
      return {};
    },

    async ImportDocumentationParts({ restApiId = '', mode = 'merge', body }, call) {
      const imported = readDocumentation(body as Uint8Array).map((part) => ({ ...part, id: desk.newId() }));
      return desk.change(restApiId, (draft) => {
        desk.api(call, restApiId, draft);
        const scope = within(call, restApiId);
        for (const before of draft.list('documentationPart', scope))
          if (mode === 'overwrite' || imported.some((part) => placeOf(part) === placeOf(before)))
            draft.delete('documentationPart', scope, before.id);
        for (const part of imported) draft.put('documentationPart', scope, part.id, part);
        return { ids: imported.map(({ id }) => id) };
      });
    },

    async CreateDocumentationVersion({ restApiId = '', documentationVersion: id = '', description, stageName }, call) {
      const made = await desk.change(restApiId, (draft) => {
        desk.api(call, restApiId, draft);
        const scope = within(call, restApiId);
        if (draft.get('documentationVersion', scope, id) !== undefined)
          throw conflict('Documentation version already exists for this REST API');
        const version: DocumentationVersionRecord = {
          ...given({ description }),
          id,
          createdAtMs: desk.clock.now(),
          parts: draft.list('documentationPart', scope),
        };
        draft.put('documentationVersion', scope, id, version);
        if (stageName !== undefined) {
          const stage = desk.part('stage', call, restApiId, stageName, draft);
          draft.put('stage', scope, stageName, { ...stage, documentationVersion: id });
        }
        return version;
      });
      return shownVersion(made);
    },

    GetDocumentationVersion: async ({ restApiId, documentationVersion }, call) =>
      shownVersion(desk.part('documentationVersion', call, restApiId, documentationVersion)),

    GetDocumentationVersions: async ({ restApiId, ...page }, call) =>
      paged(desk.parts('documentationVersion', call, restApiId), page, ({ id }) => id, shownVersion),

    UpdateDocumentationVersion: async ({ restApiId, documentationVersion, patchOperations }, call) =>
      shownVersion(
        await desk.edit('documentationVersion', call, restApiId, documentationVersion, (before) =>
          patched(before, patchOperations, versionUpdates),
        ),
      ),

    async DeleteDocumentationVersion({ restApiId, documentationVersion }, call) {
      await desk.drop('documentationVersion', call, restApiId, documentationVersion);
      return {};
    },
  };
}

/** What a part is about; there is one part about each. */
const placeOf = ({ location }: Pick<DocumentationPartRecord, 'location'>): string =>
  [location?.type, location?.path, location?.method, location?.statusCode, location?.name].map((each) => each ?? '').join(' ');

const shownVersion = ({ id, createdAtMs, parts: _parts, ...rest }: DocumentationVersionRecord) => ({
  ...rest,
  version: id,
  createdDate: new Date(createdAtMs),
});

const partUpdates: Table = { places: { '/properties': member() }, words: listing };
const versionUpdates: Table = { places: { '/description': member(text, ['replace', 'remove']) }, words: brief };
