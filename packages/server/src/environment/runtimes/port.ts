import type { RuntimeSupport } from '../../control/index.ts';
import type { FunctionVersion } from '../../control/index.ts';
import type { Mount } from '../../sandbox/index.ts';

/** What it takes to run one runtime identifier on this host. */
export interface ResolvedRuntime {
  /** `nodejs24.x` */
  readonly identifier: string;
  /** `nodejs`, `python`, `java`, `ruby`, `dotnet`, `provided`: names the pool's style and our folder. */
  readonly family: string;
  /** Of the interpreter, `24.21.0`; for INIT_START. Absent for `provided`. */
  readonly interpreterVersion?: string;
  /** Read-only parts of the root: the interpreter at `/var/lang`, our bootstrap at `/var/runtime`. */
  readonly mounts: readonly Mount[];
  /** A whole root of its own, instead of one made of this host's libraries. */
  readonly rootfs?: string;
  /**
   * Starts the bootstrap inside. Absent: the function brings `bootstrap` in `/var/task` or `/opt`, which
   * is executed as it is and speaks the HTTP Runtime API.
   */
  readonly command?: readonly [string, ...string[]];
  /** Variables the interpreter needs before it knows its function. */
  readonly bootEnv: Readonly<Record<string, string>>;
  /** `frames`: speaks `runtimes/CHANNEL.md`, may be booted before its function is known. `http`: the Runtime API. */
  readonly channel: 'frames' | 'http';
  /**
   * `function`: cannot be booted before its function is known, because what the start fixes (a heap after the
   * memory limit, the working folder) belongs to the function. Such a runtime is started with the function's
   * limits, environment and `/var/task` in place. Absent: it may wait in a pool.
   */
  readonly startsWith?: 'function';
  /** `command` with what follows from the function, its memory before all; only with `startsWith`. */
  commandFor?(version: FunctionVersion): readonly [string, ...string[]];
  /** Its bootstrap takes a connection to the channel that was made for it, as `MAYFLY_CHANNEL_FD`. */
  readonly takesConnection?: true;
  /** Its bootstrap can keep compiled code of a version's modules, and use what was kept. */
  readonly compileCache?: true;
  /** Search paths and the like that Lambda sets for this runtime. @source spec 3.6 */
  functionEnv(version: FunctionVersion): Readonly<Record<string, string>>;
}

/** One line of `mayfly runtimes`. */
export interface RuntimeListing {
  readonly identifier: string;
  readonly state: 'ready' | 'preparable' | 'unavailable' | 'deprecated';
  /** Where the interpreter is, or comes from. */
  readonly from: string;
  readonly interpreterVersion?: string;
  /** The one line that would add it. */
  readonly remedy?: string;
}

/** All runtimes this host knows. Adding one is adding a definition. */
export interface Runtimes extends RuntimeSupport {
  /** @throws Error code `RUNTIME_UNAVAILABLE` when `check` does not say `ready` */
  resolve(identifier: string): Promise<ResolvedRuntime>;
  list(): Promise<readonly RuntimeListing[]>;
}
