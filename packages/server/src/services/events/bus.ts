import { scopeOf, type Records } from '../kit/index.ts';
import { busNotFound } from './faults.ts';
import type { Bus, EventKinds, Rule } from './kinds.ts';

export interface Place {
  readonly account: string;
  readonly region: string;
}

export const busArn = ({ account, region }: Place, name: string): string =>
  `arn:aws:events:${region}:${account}:event-bus/${name}`;

export const ruleArn = ({ account, region }: Place, bus: string, rule: string): string =>
  `arn:aws:events:${region}:${account}:rule/${bus === 'default' ? '' : `${bus}/`}${rule}`;

/** A bus by name or ARN; an ARN may lead to another account or region of this server. */
export function busPlace(place: Place, nameOrArn: string | undefined): Place & { readonly bus: string } {
  if (nameOrArn === undefined) return { ...place, bus: 'default' };
  const [, region, account, bus] = /^arn:[^:]*:events:([^:]*):([^:]*):event-bus\/(.+)$/.exec(nameOrArn) ?? [];
  return bus === undefined ? { ...place, bus: nameOrArn } : { region: region ?? '', account: account ?? '', bus };
}

/** Buses and rules as they are now. Every account has a default bus, also before anything is known of it. */
export class Buses {
  readonly records: Records<EventKinds>;
  readonly #openedAtMs: number;

  constructor(records: Records<EventKinds>, openedAtMs: number) {
    this.records = records;
    this.#openedAtMs = openedAtMs;
  }

  find(place: Place, name: string): Bus | undefined {
    const bus = this.records.get('bus', scopeOf(place), name);
    if (bus !== undefined || name !== 'default') return bus;
    return { name, arn: busArn(place, name), createdAtMs: this.#openedAtMs, changedAtMs: this.#openedAtMs, tags: {} };
  }

  /** @throws ResourceNotFoundException */
  get(place: Place, name: string): Bus {
    const bus = this.find(place, name);
    if (bus === undefined) throw busNotFound(name);
    return bus;
  }

  list(place: Place): readonly Bus[] {
    const stored = this.records.list('bus', scopeOf(place));
    if (stored.some(({ name }) => name === 'default')) return stored;
    return [...stored, this.get(place, 'default')].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  rule(place: Place, bus: string, name: string): Rule | undefined {
    return this.records.get('rule', scopeOf(place), `${bus}/${name}`);
  }
  rules(place: Place, bus: string): readonly Rule[] {
    return this.records.list('rule', scopeOf(place)).filter((rule) => rule.bus === bus);
  }
}
