import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { prepareOnce, sourcesDigest } from './compiled.ts';
import { compareVersions, RuntimeError, type Look, type RuntimeDefinition } from './definition.ts';
import type { ManagedIdentifier } from './identifiers.ts';
import { executables, type Host } from './places.ts';
import type { ResolvedRuntime } from './port.ts';
import type { Verified } from './verified.ts';

const run = promisify(execFile);

export interface PythonSources {
  readonly folder: string;
  readonly bootstrap: string;
  readonly host: Host;
  readonly verified: Verified;
}

/** What `probe.py` prints. */
interface Python {
  readonly version: string;
  readonly implementation: string;
  readonly prefix: string;
  readonly executable: string;
}

/** A CPython of the host with this minor version. It brings its own site-packages, boto3 among them if it has it. */
export class PythonRuntime implements RuntimeDefinition {
  readonly identifier: string;
  readonly family = 'python';
  readonly #minor: string;
  readonly #sources: PythonSources;

  constructor({ identifier, language }: ManagedIdentifier, sources: PythonSources) {
    this.identifier = identifier;
    this.#minor = language;
    this.#sources = sources;
  }

  look(): Look {
    const candidates = this.#candidates();
    const good = this.#good(candidates);
    if (good !== undefined) return { kind: 'ready', from: good.file, interpreterVersion: good.python.version };
    const untried = candidates.find((file) => this.#sources.verified.get(file) === undefined || this.#sources.verified.get(file) !== null);
    if (untried !== undefined) return { kind: 'preparable', from: untried, local: true };
    const remedy = existsSync(path.join(this.#sources.host.home, '.pyenv'))
      ? `pyenv install ${this.#minor}`
      : `apt-get install -y python${this.#minor}`;
    return { kind: 'unavailable', remedy };
  }

  /** Tries the interpreters in turn, each once, and compiles the bootstrap for the first that works. */
  async prepare({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    for (const file of this.#candidates()) {
      const known = this.#sources.verified.get(file);
      if (known === undefined) await this.#sources.verified.set(file, await probe(file, this.#sources.bootstrap, signal));
      const python = this.#sources.verified.get(file) as Python | null | undefined;
      if (!python || !this.#matches(python)) continue;
      await this.#compile(python, signal);
      return;
    }
    const look = this.look();
    const next = look.kind === 'unavailable' ? look.remedy : 'look at the interpreter';
    throw new RuntimeError('RUNTIME_UNAVAILABLE', `No Python ${this.#minor} on this host works. To add one: ${next}`);
  }

  resolve(): ResolvedRuntime {
    const good = this.#good(this.#candidates());
    if (good === undefined) throw new RuntimeError('RUNTIME_UNAVAILABLE', `${this.identifier} is not ready`);
    const { python } = good;
    const visible = python.prefix === '/usr' || python.prefix.startsWith('/usr/');
    const mounts = [{ source: this.#compiled(python), target: '/var/runtime' }];
    if (!visible) mounts.unshift({ source: python.prefix, target: '/var/lang' });
    const interpreter = visible ? python.executable : path.join('/var/lang', path.relative(python.prefix, python.executable));
    return {
      identifier: this.identifier,
      family: this.family,
      interpreterVersion: python.version,
      mounts,
      command: [interpreter, '-s', '/var/runtime/bootstrap.py'],
      // The interpreter's own shared library, and text in UTF-8 from the first line on.
      bootEnv: { LANG: 'C.UTF-8', LD_LIBRARY_PATH: '/var/lang/lib' },
      channel: 'frames',
      // @source spec 3.6-19
      functionEnv: () => ({ PYTHONPATH: '/var/runtime' }),
    };
  }

  /** Those that by their names may be it; the newest patch first, the host's own last of equals. */
  #candidates(): string[] {
    return this.#sources.host
      .remember('python', found)
      .filter((file) => this.#matches({ version: named(file) ?? this.#minor }))
      .sort((left, right) => compareVersions(named(right) ?? '0', named(left) ?? '0'));
  }

  #good(candidates: readonly string[]): { file: string; python: Python } | undefined {
    for (const file of candidates) {
      const python = this.#sources.verified.get(file) as Python | null | undefined;
      if (python && this.#matches(python) && existsSync(this.#compiled(python))) return { file, python };
    }
    return undefined;
  }

  #matches({ version }: { readonly version: string }): boolean {
    return version === this.#minor || version.startsWith(`${this.#minor}.`);
  }

  #compiled(python: Python): string {
    return path.join(this.#sources.folder, 'python', `${python.version}-${sourcesDigest(this.#sources.bootstrap, '.py')}`);
  }

  /** Our bootstrap with its byte code: inside a box it lies on a read-only folder and would be compiled at each start. */
  async #compile(python: Python, signal: AbortSignal): Promise<void> {
    await prepareOnce(this.#compiled(python), signal, async (staging) => {
      const filter = (source: string): boolean => !source.includes('__pycache__');
      await cp(this.#sources.bootstrap, staging, { recursive: true, preserveTimestamps: true, filter });
      // Tracebacks are to show where the files will lie; `compileall` can say so since 3.9.
      const place = compareVersions(python.version, '3.9') >= 0 ? ['-s', staging, '-p', '/var/runtime'] : [];
      await run(python.executable, ['-s', '-m', 'compileall', '-q', ...place, staging], { signal, env: {}, timeout: 30_000 });
    });
  }
}

/** `python3.12`, `cpython-3.12.4-linux`, `versions/3.12.1`: the last version in the path, if any. */
const named = (file: string): string | undefined => file.match(/(?<![\d.])3\.\d{1,2}(?:\.\d+)?(?![\d])/g)?.reduce((a, b) => (b.length > a.length ? b : a));

function found({ path: search, home, env, root }: Host): string[] {
  const data = env.XDG_DATA_HOME ?? path.join(home, '.local/share');
  return executables([
    ...search.filter((folder) => !folder.endsWith('/shims')).flatMap((folder) => [`${folder}/python3.*`, `${folder}/python3`]),
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

async function probe(file: string, bootstrap: string, signal: AbortSignal): Promise<Record<string, unknown> | null> {
  try {
    const { stdout } = await run(file, ['-s', '-S', path.join(bootstrap, 'probe.py')], { signal, env: {}, timeout: 20_000, maxBuffer: 65_536 });
    const answer = JSON.parse(stdout) as Python;
    return answer.implementation === 'CPython' ? { ...answer } : null;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}
