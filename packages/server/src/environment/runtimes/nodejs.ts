import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { RuntimeError, type Look, type RuntimeDefinition } from './definition.ts';
import { HostInterpreters } from './host-interpreters.ts';
import type { ManagedIdentifier } from './identifiers.ts';
import { executables, type Host } from './places.ts';
import type { ResolvedRuntime } from './port.ts';
import { configuredRegistry, fetchPackage } from './registry-package.ts';
import type { Verified } from './verified.ts';

/** The last of each major that the packages `node-<platform>-<arch>` have for every platform. */
const pinned: Readonly<Record<string, string>> = {
  '16': '16.20.2',
  '18': '18.20.8',
  '20': '20.20.2',
  '22': '22.23.3',
  '24': '24.21.0',
  '26': '26.10.0',
};

export interface NodeSources {
  /** Holds `nodejs/<version>/bin/node`. */
  readonly folder: string;
  /** Our bootstrap, becomes `/var/runtime`. */
  readonly bootstrap: string;
  /** Below the `node_modules` of this program. */
  readonly modules: string;
  /** The program's own interpreter and its version. */
  readonly own: { readonly execPath: string; readonly version: string };
  readonly registry?: string;
  readonly host: Host;
  readonly verified: Verified;
}

/** Makes an interpreter say what it is. */
const probe = [
  '-p',
  'JSON.stringify({version:process.versions.node,implementation:process.release.name,prefix:"",executable:require("fs").realpathSync(process.execPath)})',
];

/**
 * Node.js by its major: the one we run on ourselves, others from npm, each fetched once. Where the registry cannot
 * be reached, one of the host's will do.
 *
 * Of the AWS SDK a function finds the clients that this program itself has; others it brings in `node_modules` or
 * a layer. @source spec 4.2-12
 */
export class NodeRuntime implements RuntimeDefinition {
  readonly identifier: string;
  readonly family = 'nodejs';
  readonly #major: string;
  readonly #sources: NodeSources;
  readonly #interpreters: HostInterpreters;
  #fetching: Promise<void> | undefined;

  constructor({ identifier, language }: ManagedIdentifier, sources: NodeSources) {
    this.identifier = identifier;
    this.#major = language;
    this.#sources = sources;
    this.#interpreters = new HostInterpreters({ what: 'nodejs', search, language, implementation: 'node', probe, ...sources });
  }

  look(): Look {
    const ready = this.#ready();
    if (ready !== undefined) return { kind: 'ready', from: ready.from, interpreterVersion: ready.version };
    const version = pinned[this.#major];
    if (version === undefined) return { kind: 'unavailable', remedy: 'choose another runtime, nodejs24.x for example' };
    return { kind: 'preparable', from: `npm ${packageName()}@${version}`, local: false };
  }

  /** Fetches once, however many ask; the first to ask may stop it for all. */
  async prepare({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const look = this.look();
    if (look.kind === 'ready') return;
    const version = pinned[this.#major];
    if (version === undefined) throw new RuntimeError('RUNTIME_UNAVAILABLE', `There is no package for ${this.identifier}.`);
    this.#fetching ??= this.#fetch(version, signal).finally(() => (this.#fetching = undefined));
    try {
      await this.#fetching;
    } catch (error) {
      if ((await this.#interpreters.find(signal)) === undefined) throw error;
    }
  }

  resolve(): ResolvedRuntime {
    const { bootstrap } = this.#sources;
    const ready = this.#ready();
    if (ready === undefined) throw new RuntimeError('RUNTIME_UNAVAILABLE', `${this.identifier} is not ready`);
    const { version } = ready;
    const interpreter = realpathSync(ready.file);
    const visible = interpreter.startsWith('/usr/');
    const mounts = [{ source: bootstrap, target: '/var/runtime' }];
    if (!visible) mounts.unshift({ source: path.dirname(interpreter), target: '/var/lang/bin' });
    const sdk = Number(this.#major) >= 20 ? sdkAbove(this.#sources.modules) : undefined;
    if (sdk !== undefined) mounts.push({ source: sdk, target: sdkInside });
    return {
      identifier: this.identifier,
      family: this.family,
      interpreterVersion: version,
      mounts,
      command: [
        visible ? interpreter : `/var/lang/bin/${path.basename(interpreter)}`,
        // A thread less, and a twentieth of the time to start: nobody attaches a debugger by a signal in there.
        ...(Number(this.#major) >= 24 ? ['--disable-sigusr1'] : []),
        '/var/runtime/bootstrap.cjs',
      ],
      bootEnv: sdk === undefined ? {} : { MAYFLY_SDK: sdkInside },
      channel: 'frames',
      takesConnection: true,
      // @source https://nodejs.org/docs/latest-v24.x/api/module.html#moduleenablecompilecacheoptions
      ...(Number(this.#major) >= 22 ? { compileCache: true as const } : {}),
      // @source spec 3.6-18
      functionEnv: () => ({
        NODE_PATH: `/opt/nodejs/node${this.#major}/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task`,
      }),
    };
  }

  #ready(): { readonly file: string; readonly version: string; readonly from: string } | undefined {
    const { own } = this.#sources;
    if (own.version.split('.')[0] === this.#major) return { file: own.execPath, version: own.version, from: own.execPath };
    const version = pinned[this.#major];
    if (version !== undefined && existsSync(this.#fetched(version))) {
      return { file: this.#fetched(version), version, from: `npm ${packageName()}@${version}` };
    }
    const found = this.#interpreters.good()[0];
    return found && { file: found.executable, version: found.version, from: found.executable };
  }

  #fetched(version: string): string {
    return path.join(this.#sources.folder, 'nodejs', version, 'bin', 'node');
  }

  async #fetch(version: string, signal: AbortSignal): Promise<void> {
    const registry = this.#sources.registry ?? (await configuredRegistry(signal));
    const target = path.dirname(path.dirname(this.#fetched(version)));
    const files = { 'bin/node': 0o755, LICENSE: 0o644 };
    await fetchPackage({ name: packageName(), version, files }, target, { registry, signal });
  }
}

const search = ({ path: places, home, env, root }: Host): string[] =>
  executables([
    ...places.filter((folder) => !folder.endsWith('/shims')).map((folder) => `${folder}/node`),
    `${env.NVM_DIR ?? path.join(home, '.nvm')}/versions/node/*/bin/node`,
    `${home}/.local/share/fnm/node-versions/*/installation/bin/node`,
    `${home}/.volta/tools/image/node/*/bin/node`,
    `${home}/n/versions/node/*/bin/node`,
    `${root}/usr/local/n/versions/node/*/bin/node`,
    `${root}/opt/hostedtoolcache/node/*/*/bin/node`,
    `${root}/usr/local/bin/node`,
    `${root}/usr/bin/node`,
  ]);

const sdkInside = '/var/lang/sdk/node_modules';

/** The `node_modules` of this program with the clients of the AWS SDK, real path. */
function sdkAbove(folder: string): string | undefined {
  for (let at = folder; at !== path.dirname(at); at = path.dirname(at)) {
    const modules = path.join(at, 'node_modules');
    if (existsSync(path.join(modules, '@aws-sdk/client-lambda'))) return realpathSync(modules);
  }
  return undefined;
}

const packageName = (): string => `node-${process.platform}-${process.arch}`;
