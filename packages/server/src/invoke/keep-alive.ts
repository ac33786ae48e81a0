/** How long environments are kept, and how many may run. The operator's choice; AWS does not document its own. @source spec 3.1-13 */
export interface KeepAlive {
  /** An environment idle for this long goes; scale to zero. */
  readonly idleMs: number;
  /** Whether the last environment of a function goes by its habit instead, once there is one, and comes back by it. */
  readonly learns: boolean;
  /** No environment is used for longer than this, busy or not. */
  readonly lifetimeMs: number;
  /** An idle environment is frozen after this long: freeze and thaw cost more than a warm invocation. */
  readonly freezeAfterMs: number;
  /** Configured memory of all idle environments together; the longest idle go first. */
  readonly idleMemoryMiB: number;
  /** Environments alive at once, busy and idle. */
  readonly environments: number;
  /** Environments starting at once; about the number of cores. */
  readonly boots: number;
  /** Requests of one function version that may wait for an environment. */
  readonly waiting: number;
}

export const defaultKeepAlive: KeepAlive = {
  idleMs: 10 * 60_000,
  learns: true,
  lifetimeMs: 4 * 3_600_000,
  freezeAfterMs: 300,
  idleMemoryMiB: 8192,
  environments: 1000,
  boots: 2,
  waiting: 10_000,
};
