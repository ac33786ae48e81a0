import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { prepareOnce, sourcesDigest } from './compiled.ts';
import { compareVersions, RuntimeError, type Look, type RuntimeDefinition } from './definition.ts';
import { HostInterpreters, type Interpreter } from './host-interpreters.ts';
import type { ManagedIdentifier } from './identifiers.ts';
import { executables, type Host } from './places.ts';
import type { ResolvedRuntime } from './port.ts';
import type { Verified } from './verified.ts';

export interface PythonSources {
  readonly folder: string;
  readonly bootstrap: string;
  readonly host: Host;
  readonly verified: Verified;
}

/**
 * A CPython of the host with this minor version. It brings its own site-packages; what the operator puts into
 * `<data folder>/runtimes/packages/python3.x` comes after them, boto3 for example. @source spec 4.2-12
 */
export class PythonRuntime implements RuntimeDefinition {
  readonly identifier: string;
  readonly family = 'python';
  readonly #minor: string;
  readonly #sources: PythonSources;
  readonly #interpreters: HostInterpreters;

  constructor({ identifier, language }: ManagedIdentifier, sources: PythonSources) {
    this.identifier = identifier;
    this.#minor = language;
    this.#sources = sources;
    const probe = ['-s', '-S', path.join(sources.bootstrap, 'probe.py')];
    this.#interpreters = new HostInterpreters({ what: 'python', search, language, implementation: 'CPython', probe, ...sources });
  }

  look(): Look {
    const ready = this.#ready();
    if (ready !== undefined) return { kind: 'ready', from: ready.executable, interpreterVersion: ready.version };
    const from = this.#interpreters.good()[0]?.executable ?? this.#interpreters.untried();
    if (from !== undefined) return { kind: 'preparable', from, local: true };
    const pyenv = existsSync(path.join(this.#sources.host.home, '.pyenv'));
    return { kind: 'unavailable', remedy: pyenv ? `pyenv install ${this.#minor}` : `apt-get install -y python${this.#minor}` };
  }

  /** Tries the interpreters in turn, each once, and compiles the bootstrap for the first that works. */
  async prepare({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const python = await this.#interpreters.find(signal);
    if (python === undefined) {
      const look = this.look();
      const next = look.kind === 'unavailable' ? ` To add one: ${look.remedy}` : '';
      throw new RuntimeError('RUNTIME_UNAVAILABLE', `No Python ${this.#minor} on this host works.${next}`);
    }
    // Inside a box the bootstrap lies on a read-only folder and would be compiled at each start.
    await prepareOnce(this.#compiled(python), signal, async (staging) => {
      const filter = (source: string): boolean => !source.includes('__pycache__');
      await cp(this.#sources.bootstrap, staging, { recursive: true, preserveTimestamps: true, filter });
      // Tracebacks are to show where the files will lie; `compileall` can say so since 3.9.
      const place = compareVersions(python.version, '3.9') >= 0 ? ['-s', staging, '-p', '/var/runtime'] : [];
      const compile = ['-s', '-m', 'compileall', '-q', ...place, staging];
      await promisify(execFile)(python.executable, compile, { signal, env: {}, timeout: 30_000 });
    });
  }

  resolve(): ResolvedRuntime {
    const python = this.#ready();
    if (python === undefined) throw new RuntimeError('RUNTIME_UNAVAILABLE', `${this.identifier} is not ready`);
    const visible = python.prefix === '/usr' || python.prefix.startsWith('/usr/');
    const mounts = [{ source: this.#compiled(python), target: '/var/runtime' }];
    if (!visible) mounts.unshift({ source: python.prefix, target: '/var/lang' });
    const packages = path.join(this.#sources.folder, 'packages', `python${this.#minor}`);
    const extra = existsSync(packages);
    if (extra) mounts.push({ source: packages, target: '/var/packages' });
    const interpreter = visible ? python.executable : path.join('/var/lang', path.relative(python.prefix, python.executable));
    return {
      identifier: this.identifier,
      family: this.family,
      interpreterVersion: python.version,
      mounts,
      command: [interpreter, '-s', '/var/runtime/bootstrap.py'],
      // The interpreter's own shared library, and text in UTF-8 from the first line on.
      bootEnv: { LANG: 'C.UTF-8', LD_LIBRARY_PATH: '/var/lang/lib', ...(extra ? { MAYFLY_PACKAGES: '/var/packages' } : {}) },
      channel: 'frames',
      // @source spec 3.6-19
      functionEnv: () => ({ PYTHONPATH: '/var/runtime' }),
    };
  }

  #ready(): Interpreter | undefined {
    return this.#interpreters.good().find((python) => existsSync(this.#compiled(python)));
  }

  #compiled(python: Interpreter): string {
    return path.join(this.#sources.folder, 'python', `${python.version}-${sourcesDigest(this.#sources.bootstrap, '.py')}`);
  }
}

function search({ path: places, home, env, root }: Host): string[] {
  const data = env.XDG_DATA_HOME ?? path.join(home, '.local/share');
  return executables([
    // What lies in a folder of shims starts something else.
    ...places.filter((folder) => !folder.endsWith('/shims')).flatMap((folder) => [`${folder}/python3.*`, `${folder}/python3`]),
    `${env.PYENV_ROOT ?? path.join(home, '.pyenv')}/versions/3.*/bin/python3`,
    `${data}/uv/python/cpython-3.*/bin/python3`,
    `${home}/.local/bin/python3.*`,
    `${root}/opt/hostedtoolcache/Python/3.*/*/bin/python3`,
    `${root}/opt/python*/bin/python3`,
    `${root}/opt/python/*/bin/python3`,
    `${root}/opt/homebrew/opt/python@3.*/bin/python3.*`,
    `${root}/usr/local/bin/python3.*`,
    `${root}/usr/bin/python3.*`,
  ]).filter((file) => !file.endsWith('-config'));
}
