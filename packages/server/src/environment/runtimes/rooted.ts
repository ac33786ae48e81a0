import { existsSync } from 'node:fs';
import path from 'node:path';
import type { RuntimeDefinition } from './definition.ts';

/** A definition whose interpreter comes with the whole root file system around it, as out of a container image. */
export interface RootedWriting {
  readonly identifier: string;
  /** Folder beside the definition, or an absolute one. */
  readonly root: string;
  /** Where it came from, for people. */
  readonly from?: string;
  readonly version?: string;
  readonly command: readonly [string, ...string[]];
  readonly channel: 'frames' | 'http';
  readonly bootEnv: Readonly<Record<string, string>>;
  readonly functionEnv: Readonly<Record<string, string>>;
  readonly remedy: string;
}

/** Nothing of this host's is mounted: a runtime of Amazon Linux finds the libraries of Amazon Linux. */
export function rootedRuntime(written: RootedWriting, folder: string): RuntimeDefinition {
  const rootfs = path.resolve(folder, written.root);
  const family = written.identifier.replace(/[\d.]+.*$/, '') || 'custom';
  const version = written.version === undefined ? {} : { interpreterVersion: written.version };
  return {
    identifier: written.identifier,
    family,
    look: () =>
      existsSync(rootfs)
        ? { kind: 'ready', from: written.from ?? rootfs, ...version }
        : { kind: 'unavailable', remedy: written.remedy },
    prepare: () => Promise.resolve(),
    resolve: () => ({
      identifier: written.identifier,
      family,
      ...version,
      mounts: [],
      rootfs,
      command: written.command,
      bootEnv: written.bootEnv,
      channel: written.channel,
      functionEnv: () => written.functionEnv,
    }),
  };
}
