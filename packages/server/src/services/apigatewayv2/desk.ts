import type { Call } from '@mayfly/wire';
import type { Clock, Random } from '../../base/index.ts';
import { scopeOf, type RecordDraft } from '../kit/index.ts';
import { notFound } from './faults.ts';
import type { ApiRecord, HttpKinds, HttpRecords, Part } from './records.ts';

type Place = Pick<Call, 'account' | 'region'>;

/** Where what belongs to an API lies. */
export const within = (place: Place, apiId: string): string => `${scopeOf(place)}/${apiId}`;

const words: Readonly<Record<Part, string>> = {
  route: 'Route',
  integration: 'Integration',
  authorizer: 'Authorizer',
  stage: 'stage',
  deployment: 'Deployment',
};

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** What the operations share. */
export class HttpDesk {
  readonly records: HttpRecords;
  readonly clock: Clock;
  readonly #random: Random;
  readonly #onChange: (apiId: string) => void;

  /** @param options.onChange  what was made of an API's records is no longer true */
  constructor(options: {
    readonly records: HttpRecords;
    readonly clock: Clock;
    readonly random: Random;
    readonly onChange: (apiId: string) => void;
  }) {
    this.records = options.records;
    this.clock = options.clock;
    this.#random = options.random;
    this.#onChange = options.onChange;
  }

  /** `a1b2c3d4e5`: the first label of a host name, so letters and digits only. */
  newId(length = 10): string {
    return [...this.#random.bytes(length)].map((byte) => letters[byte % letters.length]).join('');
  }

  /** Changes what belongs to an API, all or nothing. */
  async change<T>(apiId: string, work: (draft: RecordDraft<HttpKinds>) => T): Promise<T> {
    const result = await this.records.change(work);
    this.#onChange(apiId);
    return result;
  }

  /** @throws NotFoundException */
  api(place: Place, apiId = ''): ApiRecord {
    const api = this.records.get('api', scopeOf(place), apiId);
    if (api === undefined) throw notFound(`Invalid API identifier specified ${place.account}:${apiId}`);
    return api;
  }

  /** @throws NotFoundException  for the API or for its part */
  part<Kind extends Part>(kind: Kind, place: Place, apiId = '', id = ''): Readonly<HttpKinds[Kind]> {
    this.api(place, apiId);
    return found(this.records.get(kind, within(place, apiId), id), kind);
  }

  /** @throws NotFoundException for the API */
  parts<Kind extends Part>(kind: Kind, place: Place, apiId = ''): readonly Readonly<HttpKinds[Kind]>[] {
    this.api(place, apiId);
    return this.records.list(kind, within(place, apiId));
  }

  /** @throws NotFoundException */
  async put<Kind extends Part>(
    kind: Kind,
    place: Place,
    apiId: string,
    value: HttpKinds[Kind] & { readonly id: string },
    check: (draft: RecordDraft<HttpKinds>) => void = () => undefined,
  ): Promise<HttpKinds[Kind]> {
    this.api(place, apiId);
    return this.change(apiId, (draft) => {
      check(draft);
      draft.put(kind, within(place, apiId), value.id, value);
      return value;
    });
  }

  /** What an update gives takes the place of what was; the rest stays. @throws NotFoundException */
  async merge<Kind extends Part>(
    kind: Kind,
    place: Place,
    apiId: string,
    id: string,
    change: (before: Readonly<HttpKinds[Kind]>, draft: RecordDraft<HttpKinds>) => HttpKinds[Kind],
  ): Promise<HttpKinds[Kind]> {
    this.api(place, apiId);
    return this.change(apiId, (draft) => {
      const next = change(found(draft.get(kind, within(place, apiId), id), kind), draft);
      draft.put(kind, within(place, apiId), id, next);
      return next;
    });
  }

  /** @throws NotFoundException */
  async drop(
    kind: Part,
    place: Place,
    apiId: string,
    id: string,
    check: (draft: RecordDraft<HttpKinds>) => void = () => undefined,
  ): Promise<void> {
    this.api(place, apiId);
    await this.change(apiId, (draft) => {
      found(draft.get(kind, within(place, apiId), id), kind);
      check(draft);
      draft.delete(kind, within(place, apiId), id);
    });
  }
}

function found<T>(value: T | undefined, kind: Part): T {
  if (value === undefined) throw notFound(`Invalid ${words[kind]} identifier specified`);
  return value;
}

/** Members that were given. */
export const given = <T extends object>(input: T): Partial<T> =>
  Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as Partial<T>;
