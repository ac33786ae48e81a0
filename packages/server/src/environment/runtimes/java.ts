import { execFile } from 'node:child_process';
import { existsSync, globSync, lstatSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { prepareOnce, sourcesDigest } from './compiled.ts';
import { compareVersions, RuntimeError, type Look, type RuntimeDefinition } from './definition.ts';
import type { ManagedIdentifier } from './identifiers.ts';
import { folders, type Host } from './places.ts';
import type { ResolvedRuntime } from './port.ts';

const run = promisify(execFile);

export interface JavaSources {
  readonly folder: string;
  readonly bootstrap: string;
  readonly host: Host;
}

interface Java {
  readonly home: string;
  /** `17.0.13`; Java 8 calls itself `1.8.0_432`. */
  readonly version: string;
  readonly hasCompiler: boolean;
}

/**
 * A Java of the host with this feature version. Its own compiler makes the bootstrap, once; for one without, the
 * compiler of another that is not older.
 */
export class JavaRuntime implements RuntimeDefinition {
  readonly identifier: string;
  readonly family = 'java';
  readonly #feature: string;
  readonly #sources: JavaSources;

  constructor({ identifier, language }: ManagedIdentifier, sources: JavaSources) {
    this.identifier = identifier;
    this.#feature = language;
    this.#sources = sources;
  }

  look(): Look {
    const java = this.#java();
    if (java === undefined) return { kind: 'unavailable', remedy: `apt-get install -y openjdk-${this.#feature}-jdk-headless` };
    if (!existsSync(this.#classes(java))) return { kind: 'preparable', from: java.home, local: true };
    return { kind: 'ready', from: java.home, interpreterVersion: java.version };
  }

  async prepare({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const java = this.#java();
    const compiler = java === undefined ? undefined : this.#compiler(java);
    if (java === undefined || compiler === undefined)
      throw new RuntimeError('RUNTIME_UNAVAILABLE', `There is no JDK ${this.#feature} on this host.`);
    const files = globSync('mayfly/*.java', { cwd: this.#sources.bootstrap }).filter(
      (file) => this.#frames || !file.endsWith('FrameLink.java'),
    );
    await prepareOnce(this.#classes(java), signal, async (staging) => {
      const release = compiler === java ? [] : ['--release', this.#feature];
      const flags = [...release, '-nowarn', '-Xlint:none', '-proc:none', '-encoding', 'UTF-8', '-d', staging];
      await run(path.join(compiler.home, 'bin/javac'), [...flags, ...files.sort()], {
        cwd: this.#sources.bootstrap,
        env: {},
        signal,
        timeout: 120_000,
      });
    });
  }

  resolve(): ResolvedRuntime {
    const java = this.#java()!;
    const visible = java.home.startsWith('/usr/');
    const home = visible ? java.home : '/var/lang';
    const command = (...more: readonly string[]) =>
      [`${home}/bin/java`, ...this.#flags(), ...more, '-cp', '/var/runtime', 'mayfly.Bootstrap'] as const;
    return {
      identifier: this.identifier,
      family: this.family,
      interpreterVersion: java.version,
      mounts: [
        ...(visible ? [] : [{ source: java.home, target: '/var/lang' }]),
        ...settings(java.home).map((folder) => ({ source: folder, target: folder })),
        { source: this.#classes(java), target: '/var/runtime' },
      ],
      command: command(),
      commandFor: ({ memoryMiB }) => command(...memoryFlags(memoryMiB)),
      bootEnv: { LANG: 'C.UTF-8', TZ: 'UTC' },
      channel: this.#frames ? 'frames' : 'http',
      startsWith: 'function',
      functionEnv: () => ({}),
    };
  }

  /** Unix sockets came to Java with 16; older ones speak HTTP. */
  get #frames(): boolean {
    return Number(this.#feature) >= 16;
  }

  /** Small and quick to start rather than quick after minutes. `java.lang` is opened for the environment's sake. */
  #flags(): string[] {
    const common = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto', '-XX:-UsePerfData', '-Dfile.encoding=UTF-8'];
    return this.#feature === '8' ? common : [...common, '--add-opens=java.base/java.lang=ALL-UNNAMED'];
  }

  #java(): Java | undefined {
    return this.#all().find((java) => featureOf(java.version) === Number(this.#feature) && this.#compiler(java) !== undefined);
  }

  /** Newest first; of equals those that compile for themselves. */
  #all(): readonly Java[] {
    return this.#sources.host
      .remember('java', homes)
      .flatMap((home) => {
        const version = versionOf(home);
        return version === undefined ? [] : [{ home, version, hasCompiler: existsSync(path.join(home, 'bin/javac')) }];
      })
      .sort(
        (left, right) => compareVersions(right.version, left.version) || Number(right.hasCompiler) - Number(left.hasCompiler),
      );
  }

  #compiler(java: Java): Java | undefined {
    if (java.hasCompiler) return java;
    // Java 8 has no --release, and so nothing to compile for others with.
    return this.#all().find(
      ({ version, hasCompiler }) => hasCompiler && featureOf(version) >= Math.max(9, Number(this.#feature)),
    );
  }

  #classes(java: Java): string {
    return path.join(this.#sources.folder, 'java', `${java.version}-${sourcesDigest(this.#sources.bootstrap, '.java')}`);
  }
}

/**
 * Inside a box the JVM sees neither its cgroup nor less than the host's memory, so it is told its share: what is left
 * over is for classes, compiled code and stacks. A heap that is full is an OutOfMemoryError, and no killed process.
 */
const memoryFlags = (memoryMiB: number): string[] => [
  `-XX:MaxHeapSize=${Math.floor(memoryMiB * 0.85)}m`,
  '-XX:ReservedCodeCacheSize=32m',
];

/** Every Java of the host, where programs keep theirs, or where `JAVA_HOME` and its like, `JAVA_HOME_21_X64`, say. */
function homes({ env, home, path: search, root }: Host): string[] {
  const onPath = search
    .map((folder) => path.join(folder, 'java'))
    .filter((file) => existsSync(file))
    .map((file) => path.dirname(path.dirname(realpathSync(file))));
  return folders([
    ...Object.entries(env).flatMap(([name, home]) => (/^JAVA_HOME(_\d+_\w+)?$/.test(name) && home !== undefined ? [home] : [])),
    ...onPath,
    `${home}/.sdkman/candidates/java/*`,
    `${home}/.jdks/*`,
    `${root}/usr/lib/jvm/*`,
    `${root}/opt/java/*`,
    `${root}/opt/hostedtoolcache/Java_*/*/*`,
    `${root}/Library/Java/JavaVirtualMachines/*/Contents/Home`,
  ]).filter((folder) => existsSync(path.join(folder, 'bin/java')));
}

/** From the file `release` that every JDK since 8 has. */
function versionOf(home: string): string | undefined {
  try {
    return /^JAVA_VERSION="([^"]+)"/m.exec(readFileSync(path.join(home, 'release'), 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

const featureOf = (version: string): number => Number(/^(?:1\.)?(\d+)/.exec(version)?.[1]);

/** Debian keeps a JDK's settings in `/etc/java-17-openjdk` and links them: the folders that such links lead to. */
function settings(home: string): string[] {
  const found = new Set<string>();
  for (const link of globSync(['conf/*', 'conf/*/*', 'lib/*', 'lib/security/*', 'jre/lib/*', 'jre/lib/security/*'], {
    cwd: home,
  })) {
    const file = path.join(home, link);
    if (!lstatSync(file).isSymbolicLink() || !existsSync(file)) continue;
    const folder = /^\/etc\/java-[^/]+/.exec(realpathSync(file))?.[0];
    if (folder !== undefined) found.add(folder);
  }
  return [...found];
}
