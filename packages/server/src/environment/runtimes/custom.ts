import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from '../../base/index.ts';
import type { RuntimeDefinition } from './definition.ts';
import { executables, type Host } from './places.ts';
import type { ResolvedRuntime } from './port.ts';
import { rootedRuntime, type RootedWriting } from './rooted.ts';

/** Of one definition file. */
const maximumBytes = 65_536;
const maximumFiles = 200;

/** A definition as the operator writes it: `<identifier>.json`. See `runtimes/examples/`. */
interface Written {
  readonly identifier: string;
  /** Where to look for the interpreter: names on PATH, or absolute paths with `*` and `~`. The first found counts. */
  readonly interpreter: readonly string[];
  /** Shown for INIT_START. */
  readonly version?: string;
  /** Folder of the bootstrap, beside the definition; becomes `/var/runtime`. */
  readonly bootstrap?: string;
  /** `{interpreter}` stands for the interpreter's path inside. */
  readonly command: readonly [string, ...string[]];
  readonly channel: 'frames' | 'http';
  readonly bootEnv: Readonly<Record<string, string>>;
  readonly functionEnv: Readonly<Record<string, string>>;
  readonly mounts: readonly { readonly source: string; readonly target: string }[];
  readonly remedy: string;
}

/** Reads all definitions of these folders. One that is wrong is logged and left out; the others count. */
export async function customRuntimes(
  folders: readonly string[],
  { host, log }: { readonly host: Host; readonly log: Logger },
): Promise<RuntimeDefinition[]> {
  const made: RuntimeDefinition[] = [];
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names
      .filter((file) => file.endsWith('.json'))
      .sort()
      .slice(0, maximumFiles)) {
      const file = path.join(folder, name);
      try {
        if ((await stat(file)).size > maximumBytes) throw new Error(`it is larger than ${maximumBytes} bytes`);
        const written = checked(JSON.parse(await readFile(file, 'utf8')));
        made.push('root' in written ? rootedRuntime(written, folder) : definition(written, folder, host));
      } catch (error) {
        log.warn('runtime definition left out', { code: 'RUNTIME_DEFINITION_INVALID', file, error });
      }
    }
  }
  return made;
}

function definition(written: Written, folder: string, host: Host): RuntimeDefinition {
  const patterns = written.interpreter.flatMap((wanted) => {
    if (wanted.startsWith('~/')) return [path.join(host.home, wanted.slice(2))];
    return path.isAbsolute(wanted) ? [wanted] : host.path.map((place) => path.join(place, wanted));
  });
  const find = (): string | undefined => host.remember(written.identifier, () => executables(patterns))[0];
  const version = written.version === undefined ? {} : { interpreterVersion: written.version };
  return {
    identifier: written.identifier,
    family: written.identifier.replace(/[\d.]+.*$/, '') || 'custom',
    look() {
      const interpreter = find();
      return interpreter === undefined
        ? { kind: 'unavailable', remedy: written.remedy }
        : { kind: 'ready', from: interpreter, ...version };
    },
    prepare: () => Promise.resolve(),
    resolve(): ResolvedRuntime {
      const interpreter = find()!;
      const visible = interpreter.startsWith('/usr/');
      const inside = visible ? interpreter : `/var/lang/bin/${path.basename(interpreter)}`;
      const [first, ...rest] = written.command.map((word) => word.replaceAll('{interpreter}', inside));
      return {
        identifier: written.identifier,
        family: this.family,
        ...version,
        mounts: [
          ...(visible ? [] : [{ source: path.dirname(interpreter), target: '/var/lang/bin' }]),
          ...(written.bootstrap === undefined
            ? []
            : [{ source: path.resolve(folder, written.bootstrap), target: '/var/runtime' }]),
          ...written.mounts,
        ],
        command: [first!, ...rest],
        bootEnv: written.bootEnv,
        channel: written.channel,
        functionEnv: () => written.functionEnv,
      };
    },
  };
}

/** @throws Error that says which member is wrong */
function checked(value: unknown): Written | RootedWriting {
  const members = record(value, 'the definition');
  const identifier = text(members.identifier, 'identifier');
  if (!/^[a-z][a-z0-9.-]{1,63}$/.test(identifier)) throw new Error('identifier is to match [a-z][a-z0-9.-]{1,63}');
  const command = texts(members.command, 'command');
  if (command.length === 0) throw new Error('command is empty');
  const channel = members.channel ?? 'http';
  if (channel !== 'http' && channel !== 'frames') throw new Error('channel is to be "http" or "frames"');
  const mounts = (Array.isArray(members.mounts) ? members.mounts : []).map((mount: unknown) => {
    const { source, target } = record(mount, 'mounts');
    const made = { source: text(source, 'mounts.source'), target: text(target, 'mounts.target') };
    if (!path.isAbsolute(made.source) || !/^\/(var\/lang|var\/runtime|usr\/local|srv)(\/|$)/.test(path.normalize(made.target))) {
      throw new Error('mounts need absolute paths; targets lie below /var/lang, /var/runtime, /usr/local or /srv');
    }
    return made;
  });
  const common = {
    identifier,
    ...(members.version === undefined ? {} : { version: text(members.version, 'version') }),
    command: command as [string, ...string[]],
    channel,
    bootEnv: textRecord(members.bootEnv, 'bootEnv'),
    functionEnv: textRecord(members.functionEnv, 'functionEnv'),
    remedy: members.remedy === undefined ? 'see its documentation' : text(members.remedy, 'remedy'),
  } as const;
  if (members.root !== undefined)
    return {
      ...common,
      root: text(members.root, 'root'),
      ...(members.from === undefined ? {} : { from: text(members.from, 'from') }),
    };
  return {
    ...common,
    interpreter: texts(members.interpreter, 'interpreter'),
    ...(members.bootstrap === undefined ? {} : { bootstrap: text(members.bootstrap, 'bootstrap') }),
    mounts,
  };
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '' || value.includes('\0')) throw new Error(`${name} is to be a text`);
  return value;
}

function texts(value: unknown, name: string): string[] {
  if (!Array.isArray(value)) throw new Error(`${name} is to be a list of texts`);
  return value.map((member) => text(member, name));
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${name} is to be an object`);
  return value as Record<string, unknown>;
}

function textRecord(value: unknown, name: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(value === undefined ? {} : record(value, name)).map(([key, member]) => [key, text(member, `${name}.${key}`)]),
  );
}
