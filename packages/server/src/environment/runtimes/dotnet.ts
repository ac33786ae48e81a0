import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { compareVersions, RuntimeError, type Look, type RuntimeDefinition } from './definition.ts';
import type { ManagedIdentifier } from './identifiers.ts';
import { folders, type Host } from './places.ts';
import type { ResolvedRuntime } from './port.ts';

export interface DotnetSources {
  readonly bootstrap: string;
  readonly host: Host;
}

/**
 * .NET of the host. Class libraries (`Assembly::Type::Method`) run in our host and speak frames; executable assemblies and
 * Native AOT carry Amazon.Lambda.RuntimeSupport, which speaks HTTP. @source spec 4.2-06, 4.2-07
 */
export class DotnetRuntime implements RuntimeDefinition {
  readonly identifier: string;
  readonly family = 'dotnet';
  readonly #major: string;
  readonly #sources: DotnetSources;

  constructor({ identifier, language }: ManagedIdentifier, sources: DotnetSources) {
    this.identifier = identifier;
    this.#major = language;
    this.#sources = sources;
  }

  look(): Look {
    const found = this.#find();
    if (found === undefined) return { kind: 'unavailable', remedy: `apt-get install -y dotnet-runtime-${this.#major}.0` };
    return { kind: 'ready', from: found.root, interpreterVersion: found.version };
  }

  prepare(): Promise<void> {
    return this.#find() === undefined
      ? Promise.reject(new RuntimeError('RUNTIME_UNAVAILABLE', `There is no .NET ${this.#major} on this host.`))
      : Promise.resolve();
  }

  resolve(): ResolvedRuntime {
    const { root, version } = this.#find()!;
    const visible = root.startsWith('/usr/');
    return {
      identifier: this.identifier,
      family: this.family,
      interpreterVersion: version,
      mounts: [
        ...(visible ? [] : [{ source: root, target: '/var/lang/bin' }]),
        { source: this.#sources.bootstrap, target: '/var/runtime' },
      ],
      command: ['/bin/bash', '/var/runtime/bootstrap.sh'],
      bootEnv: {},
      channel: 'frames',
      startsWith: 'function',
      // @source recorded, introspection of dotnet6 to dotnet10
      functionEnv: () => ({
        DOTNET_ROOT: visible ? root : '/var/lang/bin',
        LAMBDA_RUNTIME_NAME: this.identifier,
        ...(this.#major === '8' ? { SSL_CERT_FILE: '/var/runtime/empty-certificates.crt' } : {}),
      }),
    };
  }

  /** An installation whose shared framework is of this major; nothing is run to learn it. */
  #find(): { readonly root: string; readonly version: string } | undefined {
    return this.#sources.host
      .remember('dotnet', roots)
      .flatMap((root) => frameworks(root).map((version) => ({ root, version })))
      .filter(({ version }) => version.startsWith(`${this.#major}.`))
      .sort((left, right) => compareVersions(right.version, left.version))[0];
  }
}

const roots = ({ env, home, root }: Host): string[] =>
  folders([
    ...(env.DOTNET_ROOT === undefined ? [] : [env.DOTNET_ROOT]),
    `${home}/.dotnet`,
    `${root}/usr/share/dotnet`,
    `${root}/usr/lib/dotnet`,
    `${root}/usr/lib64/dotnet`,
    `${root}/opt/dotnet`,
  ]).filter((folder) => existsSync(path.join(folder, 'dotnet')));

function frameworks(root: string): string[] {
  try {
    return readdirSync(path.join(root, 'shared/Microsoft.NETCore.App'));
  } catch {
    return [];
  }
}
