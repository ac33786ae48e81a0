import type { Clock, Logger, Random } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import type { GroupCommit } from '../kit/group-commit.ts';
import { scopeOf } from '../kit/index.ts';
import { DueDates, nextAfter, parseExpression, Timetable, type Due } from '../kit/schedule/index.ts';
import type { Buses, Place } from './bus.ts';
import { eventTime } from './event.ts';
import type { Ingest } from './ingest.ts';
import type { Rule } from './kinds.ts';

interface Options {
  readonly database: Database;
  readonly buses: Buses;
  readonly ingest: Ingest;
  readonly group: GroupCommit;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Rules that have a schedule instead of a pattern. A slot missed while the server was down fires once, late. */
export class RuleSchedules implements AsyncDisposable {
  readonly #options: Options;
  readonly #dates: DueDates;
  readonly #timetable: Timetable;

  private constructor(options: Options, dates: DueDates) {
    this.#options = options;
    this.#dates = dates;
    const { clock, log } = options;
    this.#timetable = new Timetable({ clock, log, fire: (key, due) => this.#fire(key, due) });
  }

  static async open(options: Options): Promise<RuleSchedules> {
    const { dates, due } = await DueDates.open(options.database, 'events');
    const schedules = new RuleSchedules(options, dates);
    const known = new Map(due);
    for (const { scope, value: rule } of options.buses.records.all('rule')) {
      const key = keyOf(placeOf(scope), rule.name);
      if (!isScheduled(rule)) continue;
      const date = known.get(key) ?? schedules.#next(rule, options.clock.now());
      known.delete(key);
      schedules.#timetable.set(key, date);
    }
    if (known.size > 0) {
      await options.group.write(async (tx) => {
        for (const key of known.keys()) await dates.write(tx, key, undefined);
      });
    }
    return schedules;
  }

  /** A rule was put, enabled, disabled or deleted. */
  async changed(place: Place, name: string): Promise<void> {
    const rule = this.#options.buses.rule(place, 'default', name);
    const due = rule === undefined || !isScheduled(rule) ? undefined : this.#next(rule, this.#options.clock.now());
    const key = keyOf(place, name);
    await this.#options.group.write((tx) => this.#dates.write(tx, key, due));
    this.#timetable.set(key, due);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#timetable[Symbol.asyncDispose]();
  }

  async #fire(key: string, due: Due): Promise<void> {
    const { buses, ingest, clock, random } = this.#options;
    const [scope = '', name = ''] = key.split('|');
    const place = placeOf(scope);
    const rule = buses.rule(place, 'default', name);
    if (rule === undefined || !isScheduled(rule)) return;
    const next = this.#next(rule, Math.max(clock.now(), due.slotMs));
    const event = {
      version: '0',
      id: random.uuid(),
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account: place.account,
      time: eventTime(due.slotMs),
      region: place.region,
      resources: [rule.arn],
      detail: {},
    } as const;
    await ingest.fire(place, rule, event, (tx) => this.#dates.write(tx, key, next));
    this.#timetable.set(key, next);
  }

  #next(rule: Rule, afterMs: number): Due | undefined {
    const expression = parseExpression(rule.schedule ?? '');
    if (expression === undefined) return undefined;
    // A rate's first event comes one period after the rule.
    const anchorMs = rule.scheduledAtMs + (expression.kind === 'rate' ? expression.periodMs : 0);
    const atMs = nextAfter(expression, afterMs, { anchorMs });
    return atMs === undefined ? undefined : { atMs, slotMs: atMs };
  }
}

const isScheduled = (rule: Rule): boolean => rule.schedule !== undefined && rule.state !== 'DISABLED' && rule.bus === 'default';
const keyOf = (place: Place, name: string): string => `${scopeOf(place)}|${name}`;

function placeOf(scope: string): Place {
  const [account = '', region = ''] = scope.split('/');
  return { account, region };
}
