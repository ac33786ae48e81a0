import type { Clock, Logger, Random } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import { GroupCommit } from '../kit/group-commit.ts';
import type { Records } from '../kit/index.ts';
import type { Outbox } from '../kit/outbox.ts';
import { DueDates, Timetable, type Due } from '../kit/schedule/index.ts';
import type { Load } from './delivery.ts';
import { nextDue, type Schedule, type SchedulerKinds } from './schedule.ts';

interface Options {
  readonly database: Database;
  readonly records: Records<SchedulerKinds>;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** When schedules run. A slot missed while the server was down runs once, late; then the schedule goes on as if nothing had been. */
export class Runs implements AsyncDisposable {
  readonly #options: Options;
  readonly #dates: DueDates;
  readonly #group: GroupCommit;
  readonly #timetable: Timetable;

  private constructor(options: Options, dates: DueDates) {
    this.#options = options;
    this.#dates = dates;
    this.#group = new GroupCommit(options.database);
    const { clock, log } = options;
    this.#timetable = new Timetable({ clock, log, fire: (key, due) => this.#fire(key, due) });
  }

  static async open(options: Options): Promise<Runs> {
    const { dates, due } = await DueDates.open(options.database, 'scheduler');
    const runs = new Runs(options, dates);
    const orphans = new Set(due.keys());
    for (const { scope, name, value } of options.records.all('schedule')) {
      const key = keyOf(scope, name);
      orphans.delete(key);
      if (value.state === 'ENABLED')
        runs.#timetable.set(key, due.get(key) ?? nextDue(value, options.clock.now(), options.random.float()));
    }
    if (orphans.size > 0) {
      await runs.#group.write(async (tx) => {
        for (const key of orphans) await dates.write(tx, key, undefined);
      });
    }
    return runs;
  }

  /** A schedule was made, changed or deleted. */
  async changed(scope: string, name: string): Promise<void> {
    const { records, random } = this.#options;
    const schedule = records.get('schedule', scope, name);
    // A rate without a start runs at once: its first slot is the moment it was made, which storing it has left behind.
    const due = schedule === undefined ? undefined : nextDue(schedule, schedule.changedAtMs - 1, random.float());
    await this.#group.write((tx) => this.#dates.write(tx, keyOf(scope, name), due));
    this.#timetable.set(keyOf(scope, name), due);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#timetable[Symbol.asyncDispose]();
    await this.#group.settled();
  }

  async #fire(key: string, due: Due): Promise<void> {
    const { records, outbox, clock, random } = this.#options;
    const [scope = '', name = ''] = key.split('|');
    const [account = '', region = ''] = scope.split('/');
    const schedule = records.get('schedule', scope, name);
    if (schedule === undefined || schedule.state === 'DISABLED') return;
    // Slots whose window has passed meanwhile are made up for by this run.
    const next = nextDue(schedule, Math.max(due.slotMs, clock.now() - schedule.windowMs), random.float());
    const load: Load = {
      scheduleArn: schedule.arn,
      account,
      region,
      target: schedule.target,
      executionId: random.uuid(),
      slotMs: due.slotMs,
      acceptedAtMs: clock.now(),
    };
    const staged = outbox.stage([{ target: schedule.target.Arn ?? '', body: JSON.stringify(load) }]);
    await this.#group.write(async (tx) => {
      await staged.write(tx);
      await this.#dates.write(tx, key, next);
    });
    staged.release();
    this.#timetable.set(key, next);
    if (next === undefined && schedule.afterCompletion === 'DELETE') await this.#complete(scope, name, schedule);
  }

  async #complete(scope: string, name: string, schedule: Schedule): Promise<void> {
    await this.#options.records.change((draft) => {
      // Changed since: then it is not complete.
      if (draft.get('schedule', scope, name)?.changedAtMs === schedule.changedAtMs) draft.delete('schedule', scope, name);
    });
  }
}

const keyOf = (scope: string, name: string): string => `${scope}|${name}`;
