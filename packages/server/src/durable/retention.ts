import type { AccountId, Clock, Logger, Region, Timer } from '../base/index.ts';
import type { Catalog } from '../control/index.ts';
import type { ExecutionStore } from './store.ts';

const hourMs = 3_600_000;

/** Forgets executions when their retention is over, and all of a function when it is gone. @source spec 10.1-01, 10.1-05 */
export function forgetting(options: {
  readonly store: ExecutionStore;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly log: Logger;
}): AsyncDisposable {
  const { store, catalog, clock, log } = options;
  let timer: Timer | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const forget = (of: Parameters<ExecutionStore['forget']>[0]): void => {
    last = last
      .then(() => store.forget(of))
      .catch((error: unknown) => log.error('Old durable executions could not be removed.', { error }));
  };
  const turn = (): void => {
    forget({ expiredAtMs: Math.floor(clock.now()) });
    timer = clock.after(hourMs, turn);
    timer.unref();
  };
  turn();
  const changes = catalog.onChange(({ functionArn, incarnations }) => {
    if (incarnations.size > 0) return;
    const [, , , region = '', account = '', , functionName = ''] = functionArn.split(':');
    forget({ account: account as AccountId, region: region as Region, functionName });
  });
  return {
    async [Symbol.asyncDispose]() {
      timer?.[Symbol.dispose]();
      changes[Symbol.dispose]();
      await last;
    },
  };
}
