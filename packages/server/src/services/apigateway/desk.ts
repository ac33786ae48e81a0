import type { Call } from '@mayfly/wire';
import type { Clock, Random } from '../../base/index.ts';
import { scopeOf, type ReadableRecords, type RecordDraft } from '../kit/index.ts';
import { notFound } from './faults.ts';
import type { ApiRecord, Part, ResourceRecord, RestKinds, RestRecords } from './records.ts';

export type Place = Pick<Call, 'account' | 'region'>;
export type Draft = RecordDraft<RestKinds>;

/** Where what belongs to an API lies. */
export const within = (place: Place, apiId: string): string => `${scopeOf(place)}/${apiId}`;

const words: Readonly<Record<Part, (id: string) => string>> = {
  resource: () => 'Invalid Resource identifier specified',
  authorizer: () => 'Invalid Authorizer identifier specified',
  model: (id) => `Invalid model name specified: ${id}`,
  validator: () => 'Invalid Request Validator identifier specified',
  gatewayResponse: () => 'Gateway response type not defined on api',
  deployment: () => 'Invalid Deployment identifier specified',
  stage: () => 'Invalid Stage identifier specified',
  documentationPart: () => 'Invalid Documentation part identifier specified',
  documentationVersion: () => 'Invalid Documentation version identifier specified',
};

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** What the operations share. */
export class RestDesk {
  readonly records: RestRecords;
  readonly clock: Clock;
  readonly #random: Random;
  readonly #onChange: (apiId: string | undefined) => void;
  #lastMs = 0;

  /** @param options.onChange  what was made of an API's records, or of everything else, is no longer true */
  constructor(options: {
    readonly records: RestRecords;
    readonly clock: Clock;
    readonly random: Random;
    readonly onChange: (apiId: string | undefined) => void;
  }) {
    this.records = options.records;
    this.clock = options.clock;
    this.#random = options.random;
    this.#onChange = options.onChange;
  }

  /** Now, and after every earlier answer: lists are in the order in which things came. */
  moment(): number {
    this.#lastMs = Math.max(this.clock.now(), this.#lastMs + 1);
    return this.#lastMs;
  }

  newId(length = 6): string {
    return [...this.#random.bytes(length)].map((byte) => letters[byte % letters.length]).join('');
  }

  /** Changes records of an API, or of the account where none is named; all or nothing. */
  async change<T>(apiId: string | undefined, work: (draft: Draft) => T): Promise<T> {
    const result = await this.records.change(work);
    this.#onChange(apiId);
    return result;
  }

  /** @throws NotFoundException */
  api(place: Place, apiId = '', from: ReadableRecords<RestKinds> = this.records): ApiRecord {
    const api = from.get('api', scopeOf(place), apiId);
    if (api === undefined) throw notFound(`Invalid API identifier specified ${place.account}:${apiId}`);
    return api;
  }

  /** Whatever the API is: one that is not there has no parts. @throws NotFoundException for the part */
  part<Kind extends Part>(
    kind: Kind,
    place: Place,
    apiId = '',
    id = '',
    from: ReadableRecords<RestKinds> = this.records,
  ): Readonly<RestKinds[Kind]> {
    const found = from.get(kind, within(place, apiId), id);
    if (found === undefined) throw notFound(words[kind](id));
    return found;
  }

  /** @throws NotFoundException for the API */
  parts<Kind extends Part>(kind: Kind, place: Place, apiId = ''): readonly Readonly<RestKinds[Kind]>[] {
    this.api(place, apiId);
    return this.records.list(kind, within(place, apiId));
  }

  /** @param missing  what is said when there is no such API @throws NotFoundException */
  async make<Kind extends Part>(
    kind: Kind,
    place: Place,
    apiId: string,
    value: RestKinds[Kind] & { readonly id: string },
    check: (draft: Draft) => void = () => undefined,
  ): Promise<RestKinds[Kind] & { readonly id: string }> {
    return this.change(apiId, (draft) => {
      this.api(place, apiId, draft);
      check(draft);
      draft.put(kind, within(place, apiId), value.id, value);
      return value;
    });
  }

  /** @throws NotFoundException */
  async edit<Kind extends Part>(
    kind: Kind,
    place: Place,
    apiId = '',
    id = '',
    edit: (before: Readonly<RestKinds[Kind]>, draft: Draft) => RestKinds[Kind],
  ): Promise<RestKinds[Kind]> {
    return this.change(apiId, (draft) => {
      const next = edit(this.part(kind, place, apiId, id, draft), draft);
      draft.put(kind, within(place, apiId), id, next);
      return next;
    });
  }

  /** @throws NotFoundException */
  async drop(kind: Part, place: Place, apiId = '', id = '', check: (draft: Draft) => void = () => undefined): Promise<void> {
    await this.change(apiId, (draft) => {
      this.part(kind, place, apiId, id, draft);
      check(draft);
      draft.delete(kind, within(place, apiId), id);
    });
  }
}

/** `/pets/{id}` of every resource, by its id. */
export function pathsOf(resources: readonly ResourceRecord[]): ReadonlyMap<string, string> {
  const byId = new Map(resources.map((resource) => [resource.id, resource]));
  const paths = new Map<string, string>();
  const pathOf = (resource: ResourceRecord): string => {
    const known = paths.get(resource.id);
    if (known !== undefined) return known;
    const parent = resource.parentId === undefined ? undefined : byId.get(resource.parentId);
    const above = parent === undefined ? '' : pathOf(parent);
    const path = resource.pathPart === undefined ? '/' : `${above === '/' ? '' : above}/${resource.pathPart}`;
    paths.set(resource.id, path);
    return path;
  };
  for (const resource of resources) pathOf(resource);
  return paths;
}

/** Members that were given. */
export const given = <T extends object>(input: T): T =>
  Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as T;
