import type { Server, Socket } from 'node:net';

/** `jail`: namespaces, cgroup, seccomp, own uid. `none`: a plain process, for hosts without the means. */
export type Isolation = 'jail' | 'none';

/** One line of `mayfly doctor`. */
export interface Finding {
  readonly check: string;
  readonly verdict: 'pass' | 'warn' | 'refuse';
  readonly detail: string;
  /** The one line that mends it, ready to paste. */
  readonly remedy?: string;
}

export interface Capabilities {
  readonly driver: Isolation;
  readonly available: boolean;
  /** Why not, or with what: `bubblewrap 0.8.0, cgroup v1, root`. */
  readonly detail: string;
  readonly remedy?: string;
  readonly memoryLimit: boolean;
  readonly cpuLimit: boolean;
  readonly freezer: boolean;
  readonly network: boolean;
  readonly findings: readonly Finding[];
}

/** A folder or file of the host that appears inside. */
export interface Mount {
  readonly source: string;
  /** Absolute path inside. */
  readonly target: string;
  /** For `/mnt/…` file systems; everything else is read-only. */
  readonly writable?: boolean;
}

export interface ResourceLimits {
  /** Resident memory of all processes together. */
  readonly memoryMiB: number;
  /** Cores, fractional: memory / 1,769 MiB. @source spec 3.7-09 */
  readonly cpuCores: number;
  readonly processes: number;
  readonly openFiles: number;
  /** Size of `/tmp`. Fixed at start where the driver cannot resize it. */
  readonly tmpMiB: number;
}

/** A box with nothing running in it yet. What is known only at the claim comes later, by `bind` and `start`. */
export interface SandboxSpec {
  /** Used once, never again: folder name, cgroup name, host name. */
  readonly id: string;
  /** Read-only parts of the root known now: interpreter, `/var/runtime`, shared libraries. */
  readonly mounts: readonly Mount[];
  /** Image functions bring their own root; otherwise the driver makes a minimal one from the host's libraries. */
  readonly rootfs?: string;
  readonly limits: ResourceLimits;
  /**
   * Where `/tmp` is. In `memory` (the default) it is made at once, can be resized, and counts as memory of the
   * function; on `disk` it is as on Lambda, for some milliseconds more. Memory again where the host has no loop devices.
   */
  readonly tmp?: 'memory' | 'disk';
  /** `loopback`: only `lo` and the two listeners. `egress`: the internet too, never private ranges. Otherwise just what it says. */
  readonly network: 'loopback' | 'egress' | Network;
}

/** A network of the operator's. Nobody comes in by it. */
export interface Network {
  /** What may be reached; everything else is refused. */
  readonly allow: readonly Opening[];
  /** Those of the host on public addresses where it has none of its own. */
  readonly nameServers: readonly string[];
}

export interface Opening {
  /** An IPv4 range; or `host`, which is this machine at the box's gateway. */
  readonly to: string;
  /** Every one unless it is told. */
  readonly protocol?: 'tcp' | 'udp' | 'icmp';
  /** First and last, of `tcp` or `udp`. */
  readonly ports?: readonly [number, number];
}

export interface ProcessSpec {
  readonly command: readonly [string, ...string[]];
  /** The whole environment: nothing of the host's is added. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Needs neither `/tmp` nor the way out yet: it may start while the box is being furnished. Our bootstraps. */
  readonly early?: boolean;
  /** Yields the processor to everything else until the first `limit()`: for boots ahead of demand. */
  readonly background?: boolean;
  /** Gives it a second pipe at `framedLogFd`, where the driver has that. */
  readonly framedLog?: boolean;
  /** Gives it a connection to the channel at `channelFd`, where the driver has that. */
  readonly connected?: boolean;
}

export interface ProcessExit {
  readonly exitCode: number | null;
  /** For example `SIGKILL`; null when it exited by itself. */
  readonly signal: string | null;
}

/** One process tree started in a box. */
export interface SandboxProcess {
  /** Both streams of the process in the order written; ends when every holder of it is gone. Read it or it fills. */
  readonly output: Socket;
  /** What it writes to `framedLogFd`; ends as `output` does. */
  readonly framedLog?: Socket | undefined;
  /** Resolves once, when the first process has ended. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  signal(name: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

export interface SandboxStats {
  /** Peak since the last time `stats` was read; since start where the kernel cannot forget. Cached files do not count. */
  readonly maxMemoryMiB: number;
  readonly cpuMs: number;
  /** Processes killed for memory since start; read from the kernel's own counter. */
  readonly oomKills: number;
}

/** What may appear inside a box when it is claimed: code, layers, and what V8 made of the code. */
export type LateTarget = '/var/task' | '/opt' | '/run/mayfly/cache';

/**
 * A box: walls, limits, a private network with two listeners, and no process of the tenant's until
 * `start`. Disposing ends everything inside and leaves nothing: no process, cgroup, mount or file.
 */
export interface Sandbox extends AsyncDisposable {
  readonly id: string;
  /** Serves `127.0.0.1:9001` inside: the Runtime API. Already listening; attach `connection` handlers before `start`. */
  readonly runtimeApi: Server;
  /** Serves `127.0.0.1:4566` inside: our own AWS endpoint. */
  readonly endpoint: Server;
  /** Serves the unix socket at `channelPath` inside: frames for our own bootstraps. */
  readonly channel: Server;
  readonly channelPath: string;
  /** Address of `runtimeApi` as the processes inside see it, `127.0.0.1:9001` in a jail. */
  readonly runtimeApiAddress: string;
  /** Address of `endpoint` as the processes inside see it, `http://127.0.0.1:4566` in a jail. */
  readonly endpointUrl: string;
  /** Where what was bound is seen inside: the same paths in a jail, a folder of its own with `none`. */
  readonly taskRoot: string;
  readonly optRoot: string;
  /** The descriptor of a process's second pipe. Absent where the driver gives none. */
  readonly framedLogFd?: number;
  /** Where a process that asked for it finds a connection to the channel; absent where the driver has none. */
  readonly channelFd?: number;
  readonly cacheRoot: string;
  /**
   * Late binding: makes a folder of the host appear read-only at one of these places, also for
   * processes that run already.
   */
  bind(target: LateTarget, source: string): Promise<void>;
  /** Sets the limits the function has a right to. */
  limit(limits: ResourceLimits): Promise<void>;
  start(process: ProcessSpec): Promise<SandboxProcess>;
  /**
   * Resolves when `/tmp` and the network are what the specification says, which takes longer than all the rest; begun by
   * the first who asks. Every process waits for it but those that are `early`.
   */
  furnished(): Promise<void>;
  /**
   * A connection to `127.0.0.1:port` as it is inside; for the records that an extension listens for.
   * Absent where the driver has no way in. @throws Error `code` ECONNREFUSED when nobody listens there
   */
  connect?(port: number): Promise<Socket>;
  /** Stops every process where it stands; they keep their memory. Idempotent. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  stats(): Promise<SandboxStats>;
  /** Resolves when no process is left inside; the box can be started again (`/tmp` stays). @source spec 3.1-08 */
  killAll(): Promise<void>;
}

export interface SandboxDriver extends AsyncDisposable {
  readonly name: Isolation;
  /** What this driver can do on this host. Never throws: a missing feature is an answer. */
  probe(options: { readonly signal: AbortSignal }): Promise<Capabilities>;
  create(spec: SandboxSpec, options: { readonly signal: AbortSignal }): Promise<Sandbox>;
  /** Ends what an earlier server on the same data folder left behind. @returns what was swept, for the log */
  sweep(): Promise<{ readonly processes: number; readonly cgroups: number; readonly mounts: number }>;
}
