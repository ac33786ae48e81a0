import type { Call, EventBridgeOperations, Handlers } from '@mayfly/wire';
import { scopeOf } from '../kit/index.ts';
import { busPlace, type Place } from './bus.ts';
import { given, paged, tokenOf, type Desk } from './desk.ts';
import { exists, invalid, notFound } from './faults.ts';
import type { Replay } from './kinds.ts';

type ReplayHandlers = Pick<Handlers<EventBridgeOperations>, 'StartReplay' | 'DescribeReplay' | 'CancelReplay' | 'ListReplays'>;

const stepEvents = 100;
const ended: readonly string[] = ['COMPLETED', 'CANCELLED', 'FAILED'];

/** Archived events sent once more, in the background; a restart goes on where the last step ended. */
export class Replays implements AsyncDisposable {
  readonly #desk: Desk;
  readonly #running = new Map<string, Promise<void>>();
  #closed = false;

  constructor(desk: Desk) {
    this.#desk = desk;
    for (const { scope, value } of desk.records.all('replay')) {
      if (!ended.includes(value.state)) this.#start(scope, value.name);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#running.values());
  }

  /** Drops what ended before a moment. */
  async forget(beforeMs: number): Promise<void> {
    const old = [...this.#desk.records.all('replay')].filter(({ value }) => (value.endedAtMs ?? Infinity) < beforeMs);
    if (old.length === 0) return;
    await this.#desk.records.change((draft) => {
      for (const { scope, name } of old) draft.delete('replay', scope, name);
    });
  }

  handlers(): ReplayHandlers {
    const { records, clock } = this.#desk;
    const find = (call: Call, name: string | undefined): Replay => {
      const replay = records.get('replay', scopeOf(call), name ?? '');
      if (replay === undefined) throw notFound(`Replay ${name} does not exist.`);
      return replay;
    };
    return {
      StartReplay: async (input, call) => {
        const name = input.ReplayName ?? '';
        const archive = records.get('archive', scopeOf(call), input.EventSourceArn?.split(':archive/')[1] ?? '');
        if (archive === undefined)
          throw invalid(
            `Parameter EventSourceArn is not valid. Reason: Archive ${input.EventSourceArn?.split('/')[1]} does not exist.`,
          );
        const destination = input.Destination?.Arn ?? '';
        const { bus, ...place } = busPlace(call, destination);
        if (this.#desk.buses.find(place, bus) === undefined) throw notFound(`Event bus ${bus} does not exist.`);
        if (destination !== archive.busArn)
          throw invalid('Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.');
        const [fromMs, toMs] = [input.EventStartTime?.getTime() ?? 0, input.EventEndTime?.getTime() ?? 0];
        if (fromMs >= toMs)
          throw invalid('Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.');
        const replay: Replay = {
          name,
          arn: `arn:aws:events:${call.region}:${call.account}:replay/${name}`,
          archiveArn: archive.arn,
          ...given('description', input.Description),
          destinationArn: destination,
          ...given('filterArns', input.Destination?.FilterArns),
          fromMs,
          toMs,
          startedAtMs: clock.now(),
          state: 'STARTING',
          lastSeq: 0,
        };
        await records.change((draft) => {
          if (draft.get('replay', scopeOf(call), name) !== undefined) throw exists(`Replay ${name} already exists.`);
          draft.put('replay', scopeOf(call), name, replay);
        });
        this.#start(scopeOf(call), name);
        return { ReplayArn: replay.arn, State: 'STARTING', ReplayStartTime: new Date(replay.startedAtMs) };
      },

      DescribeReplay: (input, call) => {
        const replay = find(call, input.ReplayName);
        return Promise.resolve({
          ...described(replay),
          ReplayArn: replay.arn,
          ...given('Description', replay.description),
          Destination: {
            Arn: replay.destinationArn,
            ...(replay.filterArns === undefined ? {} : { FilterArns: [...replay.filterArns] }),
          },
        });
      },

      CancelReplay: async (input, call) => {
        find(call, input.ReplayName);
        const replay = await records.change((draft) => {
          const now = draft.get('replay', scopeOf(call), input.ReplayName ?? '');
          if (now === undefined || ended.includes(now.state))
            throw invalid(`Replay ${input.ReplayName} is not in a valid state for this operation.`);
          const next = { ...now, state: 'CANCELLING' as const };
          draft.put('replay', scopeOf(call), now.name, next);
          return next;
        });
        return { ReplayArn: replay.arn, State: 'CANCELLING' };
      },

      ListReplays: (input, call) => {
        const all = records
          .list('replay', scopeOf(call))
          .filter(({ archiveArn }) => input.EventSourceArn === undefined || archiveArn === input.EventSourceArn)
          .filter(({ state }) => input.State === undefined || state === input.State);
        const page = paged(all, input, input.NamePrefix);
        return Promise.resolve({ Replays: page.items.map(described), ...tokenOf(page) });
      },
    };
  }

  #start(scope: string, name: string): void {
    const key = `${scope}|${name}`;
    const run = this.#run(scope, name)
      .catch((error: unknown) => this.#desk.log.error('A replay stopped; it goes on after a restart.', { replay: name, error }))
      .finally(() => this.#running.delete(key));
    this.#running.set(key, run);
  }

  async #run(scope: string, name: string): Promise<void> {
    const { records, archives, ingest, clock, random } = this.#desk;
    const [account = '', region = ''] = scope.split('/');
    const place: Place = { account, region };
    while (!this.#closed) {
      const replay = records.get('replay', scope, name);
      if (replay === undefined || ended.includes(replay.state)) return;
      const archive = records.get('archive', scope, replay.archiveArn.split('/')[1] ?? '');
      if (replay.state === 'CANCELLING' || archive === undefined) {
        await this.#update(scope, name, { state: archive === undefined ? 'FAILED' : 'CANCELLED', endedAtMs: clock.now() });
        return;
      }
      const step = await archives.read(
        archive.no,
        { fromMs: replay.fromMs, toMs: replay.toMs, afterSeq: replay.lastSeq },
        stepEvents,
      );
      const last = step.at(-1);
      if (last === undefined) {
        await this.#update(scope, name, { state: 'COMPLETED', endedAtMs: clock.now() });
        return;
      }
      const { bus, ...at } = busPlace(place, replay.destinationArn);
      await ingest.accept(
        step.map(({ event: { resources, detail, ...head } }) => ({
          place: at,
          bus,
          event: { ...head, id: random.uuid(), 'replay-name': name, resources, detail },
          ...given('onlyRules', replay.filterArns),
        })),
      );
      await this.#update(scope, name, { state: 'RUNNING', lastSeq: last.seq, lastEventAtMs: last.atMs });
    }
  }

  /** A cancellation that came in between is kept. */
  async #update(scope: string, name: string, change: Partial<Replay>): Promise<void> {
    await this.#desk.records.change((draft) => {
      const now = draft.get('replay', scope, name);
      if (now === undefined) return;
      const state = now.state === 'CANCELLING' && change.state === 'RUNNING' ? now.state : (change.state ?? now.state);
      draft.put('replay', scope, name, { ...now, ...change, state });
    });
  }
}

const described = (replay: Replay) => ({
  ReplayName: replay.name,
  EventSourceArn: replay.archiveArn,
  State: replay.state,
  EventStartTime: new Date(replay.fromMs),
  EventEndTime: new Date(replay.toMs),
  ReplayStartTime: new Date(replay.startedAtMs),
  ...(replay.lastEventAtMs === undefined ? {} : { EventLastReplayedTime: new Date(replay.lastEventAtMs) }),
  ...(replay.endedAtMs === undefined ? {} : { ReplayEndTime: new Date(replay.endedAtMs) }),
});
