import type { EnvironmentId, InitializationType, LogSink, PhaseStatus, PlatformLineWriter, RequestId } from '../base/index.ts';
import type { FunctionVersion } from '../control/index.ts';
import type { Network } from '../sandbox/index.ts';

/** One event on its way to a handler. */
export interface Invocation {
  readonly requestId: RequestId;
  /** Untouched bytes of the event; never parsed on the way. */
  readonly payload: Uint8Array;
  /** @source spec 3.2-11 */
  readonly invokedArn: string;
  /** Clock's epoch milliseconds of the time-out. */
  readonly deadlineMs: number;
  /** `Root=…;Parent=…;Sampled=…`. @source spec 2.1-07 */
  readonly traceId: string;
  /** Decoded JSON text. */
  readonly clientContext?: string | undefined;
  readonly cognitoIdentity?: string | undefined;
  readonly tenantId?: string | undefined;
}

/** How a handler can end. A value, because none of these is our failure. */
export type Outcome =
  | { readonly kind: 'returned'; readonly body: Uint8Array; readonly contentType?: string }
  /** A response that arrives piece by piece; `end` tells how it finished. A reader that returns leaves the rest, and `end` comes. */
  | {
      readonly kind: 'streamed';
      readonly body: AsyncIterable<Uint8Array>;
      readonly contentType: string;
      readonly end: Promise<StreamEnd>;
    }
  /** The runtime posted an error; `body` is its JSON, passed on untouched. */
  | { readonly kind: 'threw'; readonly errorType: string; readonly body: Uint8Array }
  /** Time-out, exit, out of memory, truncated response …: `body` is the platform's JSON. @source spec 2.4 */
  | { readonly kind: 'failed'; readonly errorType: string; readonly status: PhaseStatus; readonly body: Uint8Array };

export type StreamEnd =
  | { readonly kind: 'complete' }
  | { readonly kind: 'failed'; readonly errorType: string; readonly body: Uint8Array };

export type Phase = 'starting' | 'idle' | 'busy' | 'stopping' | 'gone';

export type StopReason = 'SPINDOWN' | 'TIMEOUT' | 'FAILURE';

/** What one invocation cost; known when runtime and extensions ask for the next event. */
export interface Usage {
  readonly durationMs: number;
  readonly initMs?: number | undefined;
  readonly postRuntimeExtensionsMs?: number | undefined;
  readonly maxMemoryUsedMiB: number;
  readonly status: PhaseStatus;
  readonly errorType?: string | undefined;
}

export interface Running {
  /** Resolves when the caller can be answered. Never rejects. */
  readonly outcome: Promise<Outcome>;
  /** Resolves when the environment is idle again or gone. Never rejects. */
  readonly released: Promise<Usage>;
}

/**
 * One execution environment of one function version: its box, its processes, its Runtime API.
 *
 * `starting → idle ⇄ busy → stopping → gone`. Made from a claimed or a fresh box; belongs to its
 * version for ever.
 */
export interface Environment extends AsyncDisposable {
  readonly id: EnvironmentId;
  readonly version: FunctionVersion;
  readonly phase: Phase;
  /** Log stream of this environment. @source spec 5.3-02 */
  readonly logStream: string;
  /**
   * Resolves when the environment can take an event, or has failed to become so. A failed
   * initialisation is tried once more inside the first invoke (`Environment` does so itself), which
   * is why `failed` environments are still handed an invocation. @source spec 3.1-02
   */
  readonly initialised: Promise<'idle' | 'failed' | 'gone'>;
  /** Resolves once when the environment has gone, whatever the cause. */
  readonly gone: Promise<void>;
  /** Only when idle (or failed to initialise). @throws Error code `ENVIRONMENT_NOT_IDLE` otherwise */
  invoke(invocation: Invocation, onLog?: LogTail): Running;
  /** Lazy freeze while idle; `invoke` thaws by itself. */
  freeze(): Promise<void>;
  /** Shutdown with its grace, then everything is ended. Idempotent. @source spec 3.1-09 */
  stop(reason: StopReason): Promise<void>;
}

/** Receives the lines of this invocation, START and REPORT included, for `X-Amz-Log-Result`. */
export type LogTail = (line: string) => void;

/** What the pool knows of boxes it may claim: started, jailed, interpreter booted, without a function. */
export interface EnvironmentFactory extends AsyncDisposable {
  /**
   * An environment for this version: from a pooled box where one fits, from a new one otherwise.
   * Returns at once; `initialised` tells the rest. Never throws for the function's faults.
   */
  create(version: FunctionVersion, options?: { readonly initializationType?: InitializationType }): Environment;
  /** Keeps boxes for functions of this runtime ready from now on, in the background; the first call then finds one. */
  prepare(runtime: string): void;
  /** Boxes ready to be claimed, per pool key (`nodejs24.x`), for metrics and tests. */
  pooled(): ReadonlyMap<string, number>;
}

/** Handed in by `main`: what an environment needs from the rest of the house. */
export interface EnvironmentPorts {
  readonly logs: LogSink;
  readonly platformLines: PlatformLineWriter;
  /** Credentials of the function's role, valid at our own endpoint. @source spec 3.6-09 */
  credentials(version: FunctionVersion): Promise<RoleCredentials>;
  /** The folder of this machine that a file system is, by its ARN. Absent: there are none. */
  fileSystem?(arn: string): string | undefined;
  /** The network that a version joins by its `vpc`. Absent, or undefined: it has its own way to the internet. */
  networkOf?(version: FunctionVersion): Network | undefined;
  /** Serves one connection from inside a box to our AWS endpoint. */
  serveEndpoint(connection: import('node:net').Socket): void;
}

export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}
