import path from 'node:path';
import type { Clock, Logger } from '../../base/index.ts';
import type { RuntimeCheck } from '../../control/index.ts';
import { customRuntimes } from './custom.ts';
import { RuntimeError, type Look, type RuntimeDefinition } from './definition.ts';
import { managedIdentifiers, supportPhase, type ManagedIdentifier } from './identifiers.ts';
import { DotnetRuntime } from './dotnet.ts';
import { JavaRuntime } from './java.ts';
import { NodeRuntime } from './nodejs.ts';
import { pack } from './packed.ts';
import { Host } from './places.ts';
import type { RuntimeListing, Runtimes } from './port.ts';
import { providedRuntime } from './provided.ts';
import { PythonRuntime } from './python.ts';
import { RubyRuntime } from './ruby.ts';
import { isTooOld, tooOld } from './too-old.ts';
import { Verified } from './verified.ts';

export { blockedMessage, supportPhase, type SupportPhase } from './identifiers.ts';

export interface RuntimesOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where our bootstraps lie; the repository's `runtimes/`. */
  readonly bootstraps?: string;
  /** Folders with definitions of the operator's own, besides `<dataDir>/runtimes`. */
  readonly definitions?: readonly string[];
  /** npm registry; what the user's npm is set to when absent. */
  readonly registry?: string;
  /** Of the host, for PATH, HOME and the like: where interpreters are looked for. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** In front of the usual places (`/usr/bin`, `/opt`); tests give an empty folder. */
  readonly root?: string;
}

/** All runtimes this host knows. Runs no interpreter: those not tried yet are `preparable`. */
export async function openRuntimes(options: RuntimesOptions): Promise<Runtimes> {
  const { dataDir, clock, log } = options;
  const folder = path.join(dataDir, 'runtimes');
  const bootstraps = options.bootstraps ?? path.join(import.meta.dirname, '../../../../../runtimes');
  const host = new Host({
    env: options.env ?? process.env,
    clock,
    ...(options.root === undefined ? {} : { root: options.root }),
  });
  const verified = await Verified.open(path.join(folder, 'found', 'interpreters.json'));
  const packed = path.join(folder, 'nodejs', 'bootstrap');
  await pack(path.join(bootstraps, 'nodejs'), 'bootstrap.cjs', packed);
  const own = { execPath: process.execPath, version: process.versions.node };

  const definitions = new Map<string, RuntimeDefinition>();
  const define = (known: ManagedIdentifier): RuntimeDefinition => {
    if (isTooOld(known)) return tooOld(known);
    switch (known.family) {
      case 'nodejs':
        return new NodeRuntime(known, {
          folder,
          bootstrap: packed,
          modules: bootstraps,
          own,
          host,
          verified,
          ...(options.registry === undefined ? {} : { registry: options.registry }),
        });
      case 'python':
        return new PythonRuntime(known, { folder, bootstrap: path.join(bootstraps, 'python'), host, verified });
      case 'provided':
        return providedRuntime(known.identifier);
      case 'java':
        return new JavaRuntime(known, { folder, bootstrap: path.join(bootstraps, 'java'), host });
      case 'ruby':
        return new RubyRuntime(known, { bootstrap: path.join(bootstraps, 'ruby'), host, verified });
      case 'dotnet':
        return new DotnetRuntime(known, { bootstrap: path.join(bootstraps, 'dotnet'), host });
    }
  };
  for (const known of managedIdentifiers) definitions.set(known.identifier, define(known));
  const folders = [folder, ...(options.definitions ?? [])];
  for (const custom of await customRuntimes(folders, { host, log })) definitions.set(custom.identifier, custom);

  const look = (identifier: string): Look =>
    definitions.get(identifier)?.look() ?? { kind: 'unavailable', remedy: `add a definition to ${folders[0]}` };

  return {
    check(identifier): RuntimeCheck {
      const seen = look(identifier);
      switch (seen.kind) {
        case 'ready':
          return { kind: 'ready' };
        case 'preparable':
          return { kind: 'preparable', from: seen.from };
        case 'unavailable':
          return seen;
      }
    },
    async prepare(identifier, { signal }) {
      const definition = definitions.get(identifier);
      if (definition === undefined) throw new RuntimeError('RUNTIME_UNAVAILABLE', `No runtime ${identifier} is known.`);
      const started = clock.monotonic();
      if (definition.look().kind === 'ready') return;
      await definition.prepare({ signal });
      log.info('runtime prepared', { runtime: identifier, ms: Math.round(clock.monotonic() - started) });
    },
    async resolve(identifier) {
      const definition = definitions.get(identifier);
      const seen = look(identifier);
      // An interpreter of the host that was updated in place is tried again; nothing is fetched here.
      if (definition !== undefined && seen.kind === 'preparable' && seen.local)
        await definition.prepare({ signal: AbortSignal.timeout(60_000) });
      else if (definition === undefined || seen.kind !== 'ready') {
        const next = seen.kind === 'unavailable' ? seen.remedy : `it comes from ${seen.from} when a function is created with it`;
        throw new RuntimeError('RUNTIME_UNAVAILABLE', `${identifier} cannot run on this host yet: ${next}`);
      }
      return definition.resolve();
    },
    list: () => Promise.resolve([...definitions.keys()].map((identifier) => listing(identifier, look(identifier), clock.now()))),
  };
}

function listing(identifier: string, seen: Look, nowMs: number): RuntimeListing {
  const phase = supportPhase(identifier, nowMs);
  const state = phase === 'createBlocked' || phase === 'updateBlocked' ? 'deprecated' : seen.kind;
  const note = phase === 'deprecated' ? ' (deprecated at AWS)' : '';
  if (seen.kind === 'unavailable') return { identifier, state, from: `not on this host${note}`, remedy: seen.remedy };
  const version =
    seen.kind === 'ready' && seen.interpreterVersion !== undefined ? { interpreterVersion: seen.interpreterVersion } : {};
  return { identifier, state, from: `${seen.from}${note}`, ...version };
}
