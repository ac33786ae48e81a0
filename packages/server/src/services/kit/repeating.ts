import type { Clock, Timer } from '../../base/index.ts';

/** Runs `work` every `periodMs`, never twice at once; disposing waits for the run under way. */
export function repeating(clock: Clock, periodMs: number, work: () => Promise<void>): AsyncDisposable {
  let timer: Timer | undefined;
  let running: Promise<void> = Promise.resolve();
  let ended = false;
  const arm = (): void => {
    if (ended) return;
    timer = clock.after(periodMs, () => {
      running = work().finally(arm);
    });
    timer.unref();
  };
  arm();
  return {
    async [Symbol.asyncDispose]() {
      ended = true;
      timer?.[Symbol.dispose]();
      await running.catch(() => undefined);
    },
  };
}
