import type { Clock, Timer } from '../base/index.ts';
import type { Catalog, Control } from '../control/index.ts';
import type { EnvironmentFactory } from '../environment/index.ts';

/** What most people deploy first. */
const firstGuess = 'nodejs24.x';
/** Deployments come in flocks. */
const settleMs = 100;

/**
 * Has boxes ready before anybody asks: at a start for the runtimes of what is deployed, later for that of
 * whatever is deployed.
 */
export function keepStocked(
  control: Pick<Control, 'runtimes'> & { readonly catalog: Pick<Catalog, 'onChange'> },
  environments: Pick<EnvironmentFactory, 'prepare'>,
  clock: Clock,
): Disposable {
  const seen = new Set<string>();
  const prepare = (runtimes: Iterable<string>): void => {
    for (const runtime of runtimes) {
      if (seen.has(runtime)) continue;
      seen.add(runtime);
      environments.prepare(runtime);
    }
  };
  const deployed = control.runtimes();
  prepare(deployed.size === 0 ? [firstGuess] : deployed);
  let timer: Timer | undefined;
  const watch = control.catalog.onChange(() => {
    if (timer !== undefined) return;
    timer = clock.after(settleMs, () => {
      timer = undefined;
      prepare(control.runtimes());
    });
    timer.unref();
  });
  return {
    [Symbol.dispose]: () => {
      watch[Symbol.dispose]();
      timer?.[Symbol.dispose]();
    },
  };
}
