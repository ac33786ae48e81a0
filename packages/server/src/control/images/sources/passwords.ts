import { readFile } from 'node:fs/promises';
import { RefusedImage } from '../refusal.ts';

/** `user:password` for a registry; undefined where there is none. */
export type Passwords = (host: string, repository: string) => Promise<string | undefined>;

const mostBytes = 1_048_576;
/** What `docker login` calls the registry that people call docker.io. */
const dockerHub = new Set(['index.docker.io', 'registry-1.docker.io']);

/**
 * Passwords out of a file as `docker login`, `podman login` and `skopeo login` write it. It is read for each image, so that a
 * later login counts. An entry for a part of a registry (`ghcr.io/team`) goes before that of the whole. Programs that keep passwords
 * (`credsStore`, `credHelpers`) are not run.
 *
 * @source containers-auth.json(5); Docker CLI, "docker login", read 2026-11
 */
export const passwordsIn =
  (file: string): Passwords =>
  async (host, repository) => {
    const { auths } = await read(file);
    const entries = new Map(Object.entries(auths ?? {}).map(([name, entry]) => [placeOf(name), entry]));
    const parts = [host, ...repository.split('/')];
    for (let length = parts.length; length > 0; length -= 1) {
      const entry = entries.get(parts.slice(0, length).join('/'));
      if (entry !== undefined) return passwordOf(entry);
    }
    return undefined;
  };

interface Entry {
  readonly auth?: unknown;
  readonly username?: unknown;
  readonly password?: unknown;
}

async function read(file: string): Promise<{ readonly auths?: Readonly<Record<string, Entry>> }> {
  try {
    const bytes = await readFile(file);
    if (bytes.length <= mostBytes) return JSON.parse(bytes.toString('utf8')) as { auths?: Record<string, Entry> };
  } catch {
    // Told below, without what was read.
  }
  throw new RefusedImage('denied', 'The file that `--registry-auth` names cannot be read as JSON.');
}

/** Docker writes addresses, podman names; some of each. */
function placeOf(name: string): string {
  const [host = '', ...path] = name
    .replace(/^https?:\/\//, '')
    .replace(/\/+$/, '')
    .split('/');
  const version = path.length === 1 && /^v[12]$/.test(path[0] ?? '');
  return [dockerHub.has(host) ? 'docker.io' : host, ...(version ? [] : path)].join('/');
}

/** Undefined, too, where a program keeps the password, or only a token to exchange is there. */
function passwordOf({ auth, username, password }: Entry): string | undefined {
  const text = typeof auth === 'string' ? Buffer.from(auth, 'base64').toString('utf8') : '';
  if (/^[^:]*:./s.test(text)) return text;
  return typeof username === 'string' && typeof password === 'string' ? `${username}:${password}` : undefined;
}
