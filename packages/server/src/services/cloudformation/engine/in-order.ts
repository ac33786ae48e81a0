/** Work that was not done, and why. */
export interface Failure {
  readonly name: string;
  readonly reason: string;
}

/** Things made at once by one stack; a machine has only so many hands. */
const atOnce = 12;

/**
 * Does something for each name, the ones it needs before it, as many at once as may be. After a failure nothing new is
 * begun; what is under way ends.
 *
 * @param needs  names outside of `names` count as done
 * @param keepOn  a failure keeps back only those that need it
 */
export async function inOrder(
  names: readonly string[],
  needs: (name: string) => Iterable<string>,
  work: (name: string) => Promise<Failure | undefined>,
  options: { readonly stopped: () => boolean; readonly keepOn?: boolean },
): Promise<readonly Failure[]> {
  const waiting = new Map(names.map((name) => [name, new Set([...needs(name)].filter((need) => names.includes(need)))]));
  const failures: Failure[] = [];
  const running = new Set<Promise<void>>();
  const start = (name: string): void => {
    waiting.delete(name);
    const done = work(name).then((failure) => {
      running.delete(done);
      if (failure !== undefined) return void failures.push(failure);
      for (const left of waiting.values()) left.delete(name);
    });
    running.add(done);
  };
  for (;;) {
    const open = !options.stopped() && (failures.length === 0 || options.keepOn === true);
    const free = open ? [...waiting].filter(([, left]) => left.size === 0).map(([name]) => name) : [];
    for (const name of free.slice(0, atOnce - running.size)) start(name);
    if (running.size === 0) return failures;
    await Promise.race(running);
  }
}
