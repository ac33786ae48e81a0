import { openText } from '../kit/index.ts';
import type { Desk } from './desk.ts';
import type { AuthParameters, DestinationCalls } from './destination-call.ts';

/** How long to wait between tries to get a first token. */
const pausesMs = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];

/**
 * Connections with OAuth are authorized in the background: a first token is asked for, and what never gets one is
 * deauthorized. A restart begins again with those that were on the way.
 */
export class Authorizations implements AsyncDisposable {
  readonly #desk: Pick<Desk, 'records' | 'sealer' | 'clock' | 'log'>;
  readonly #calls: DestinationCalls;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();

  constructor(desk: Pick<Desk, 'records' | 'sealer' | 'clock' | 'log'>, calls: DestinationCalls) {
    this.#desk = desk;
    this.#calls = calls;
    for (const { scope, value } of desk.records.all('connection'))
      if (value.isAuthorizing === true) this.begin(scope, value.name);
  }

  begin(scope: string, name: string): void {
    const work = this.#run(scope, name)
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted)
          this.#desk.log.error('A connection could not be authorized.', { connection: name, error });
      })
      .finally(() => this.#running.delete(work));
    this.#running.add(work);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  async #run(scope: string, name: string): Promise<void> {
    const { records, sealer, clock } = this.#desk;
    const { signal } = this.#stop;
    const since = records.get('connection', scope, name)?.changedAtMs;
    for (const pauseMs of [...pausesMs, undefined]) {
      const connection = records.get('connection', scope, name);
      // Changed or deleted meanwhile: whoever did so has begun anew.
      if (connection?.isAuthorizing !== true || connection.changedAtMs !== since) return;
      const auth = JSON.parse(openText(sealer, connection.sealed) ?? '{}') as AuthParameters;
      const authorized = await this.#calls.authorize(connection, auth, signal);
      if (!authorized && pauseMs !== undefined) {
        await clock.sleep(pauseMs, { signal });
        continue;
      }
      await records.change((draft) => {
        const now = draft.get('connection', scope, name);
        if (now === undefined || now.changedAtMs !== since) return;
        const { isAuthorizing: _, ...rest } = now;
        draft.put('connection', scope, name, authorized ? rest : { ...rest, isDeauthorized: true });
      });
      return;
    }
  }
}
