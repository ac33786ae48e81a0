import type { Clock } from '../../base/index.ts';
import type { Sql } from '../../storage/index.ts';
import type { GroupCommit } from '../kit/group-commit.ts';
import { scopeOf } from '../kit/index.ts';
import type { Outbox, Parcel } from '../kit/outbox.ts';
import { parsePattern, type Pattern } from '../kit/pattern/index.ts';
import type { ArchiveStore } from './archive-store.ts';
import { busArn, type Buses, type Place } from './bus.ts';
import type { EventDocument } from './event.ts';
import { inputOf } from './input.ts';
import type { Archive, Rule, Target } from './kinds.ts';

/** An event on its way to one target: the body of a parcel. */
export interface Load {
  readonly rule: { readonly name: string; readonly arn: string; readonly bus: string };
  readonly place: Place;
  readonly target: Target;
  readonly event: EventDocument;
  /** Absent = the event itself. */
  readonly payload?: string;
  /** Set when the input could not be made. */
  readonly broken?: string;
  readonly acceptedAtMs: number;
  /** From bus to bus so far. */
  readonly hops: number;
}

export interface Arrival {
  readonly place: Place;
  readonly bus: string;
  readonly event: EventDocument;
  /** A replay's: only these rules. */
  readonly onlyRules?: readonly string[];
  readonly hops?: number;
}

interface Compiled {
  readonly rules: readonly { readonly rule: Rule; readonly pattern: Pattern }[];
  readonly archives: readonly { readonly archive: Archive; readonly pattern: Pattern | undefined }[];
}

/** Where events come in: matched against the rules of their bus, and on storage for every target before anyone is told. */
export class Ingest {
  readonly #buses: Buses;
  readonly #archives: ArchiveStore;
  /** By target. Opened after this: what they deliver may come in here again. */
  readonly #outbox: (targetArn: string) => Outbox;
  readonly #group: GroupCommit;
  readonly #clock: Clock;
  readonly #compiled = new Map<string, Compiled>();

  constructor(options: {
    readonly buses: Buses;
    readonly archives: ArchiveStore;
    readonly outbox: (targetArn: string) => Outbox;
    readonly group: GroupCommit;
    readonly clock: Clock;
  }) {
    this.#buses = options.buses;
    this.#archives = options.archives;
    this.#group = options.group;
    this.#clock = options.clock;
    this.#outbox = options.outbox;
  }

  /** Rules or archives of a bus have changed. */
  changed(place: Place, bus: string): void {
    this.#compiled.delete(busArn(place, bus));
  }

  /** Resolves when every event is on storage for each of its targets. */
  async accept(arrivals: readonly Arrival[]): Promise<void> {
    const parcels: Parcel[] = [];
    const kept: { readonly no: number; readonly text: string }[] = [];
    for (const arrival of arrivals) {
      const { rules, archives } = this.#of(arrival.place, arrival.bus);
      for (const { rule, pattern } of rules) {
        if (arrival.onlyRules !== undefined && !arrival.onlyRules.includes(rule.arn)) continue;
        if (pattern.matches(arrival.event)) parcels.push(...this.#parcels(arrival, rule));
      }
      // What is replayed was archived before.
      if (arrival.event['replay-name'] !== undefined) continue;
      for (const { archive, pattern } of archives) {
        if (pattern?.matches(arrival.event) !== false) kept.push({ no: archive.no, text: JSON.stringify(arrival.event) });
      }
    }
    const nowMs = this.#clock.now();
    await this.#store(parcels, async (tx) => {
      for (const { no, text } of kept) await this.#archives.add(tx, no, nowMs, text);
    });
  }

  /** A rule's own event: its schedule has come due. `also` is written with it. */
  async fire(place: Place, rule: Rule, event: EventDocument, also: (tx: Sql) => Promise<void>): Promise<void> {
    await this.#store(this.#parcels({ place, bus: rule.bus, event }, rule), also);
  }

  async #store(parcels: readonly Parcel[], also: (tx: Sql) => Promise<void>): Promise<void> {
    const staged = [...Map.groupBy(parcels, ({ target }) => this.#outbox(target))].map(([outbox, own]) => outbox.stage(own));
    await this.#group.write(async (tx) => {
      for (const each of staged) await each.write(tx);
      await also(tx);
    });
    for (const each of staged) each.release();
  }

  #parcels(arrival: Arrival, rule: Rule): readonly Parcel[] {
    const { place, event, hops = 0 } = arrival;
    return rule.targets.map((target) => {
      const input = inputOf(target, event, rule);
      const whole = target.Input === undefined && target.InputPath === undefined && target.InputTransformer === undefined;
      const load: Load = {
        rule: { name: rule.name, arn: rule.arn, bus: rule.bus },
        place: { account: place.account, region: place.region },
        target,
        event,
        ...(whole ? {} : input.kind === 'payload' ? { payload: input.payload } : { broken: input.why }),
        acceptedAtMs: this.#clock.now(),
        hops,
      };
      return { target: target.Arn ?? '', body: JSON.stringify(load) };
    });
  }

  #of(place: Place, bus: string): Compiled {
    const key = busArn(place, bus);
    let compiled = this.#compiled.get(key);
    if (compiled === undefined) this.#compiled.set(key, (compiled = this.#compile(place, bus)));
    return compiled;
  }

  #compile(place: Place, bus: string): Compiled {
    const arn = busArn(place, bus);
    return {
      rules: this.#buses
        .rules(place, bus)
        .flatMap((rule) =>
          rule.pattern === undefined || rule.state === 'DISABLED' ? [] : [{ rule, pattern: parsePattern(rule.pattern) }],
        ),
      archives: this.#buses.records
        .list('archive', scopeOf(place))
        .filter((archive) => archive.busArn === arn)
        .map((archive) => ({ archive, pattern: archive.pattern === undefined ? undefined : parsePattern(archive.pattern) })),
    };
  }
}
