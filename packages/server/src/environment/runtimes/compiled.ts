import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeError } from './definition.ts';

/**
 * Makes a folder that appears whole or not at all; when it is there already nothing happens.
 *
 * @param make  fills the folder it is given
 * @throws RuntimeError `RUNTIME_BROKEN` when it could not be made
 */
export async function prepareOnce(target: string, signal: AbortSignal, make: (staging: string) => Promise<void>): Promise<void> {
  if (existsSync(target)) return;
  await mkdir(path.dirname(target), { recursive: true, mode: 0o755 });
  const staging = await mkdtemp(path.join(path.dirname(target), '.making-'));
  try {
    await make(staging);
    // Boxes have users of their own, and all of them read this.
    await chmod(staging, 0o755);
    await rename(staging, target);
  } catch (error) {
    signal.throwIfAborted();
    // Another server on the same folder may have been quicker; whole is whole.
    if (existsSync(target)) return;
    const said = (error as { stderr?: unknown }).stderr;
    throw new RuntimeError('RUNTIME_BROKEN', `Our bootstrap could not be compiled: ${String(said || error)}`, { cause: error });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

const digests = new Map<string, string>();

/** Names a version of a bootstrap by the contents of its sources; read once, they belong to the program. */
export function sourcesDigest(folder: string, ending: string): string {
  const known = digests.get(folder);
  if (known !== undefined) return known;
  const hash = createHash('sha256');
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    if (name.endsWith(ending))
      hash
        .update(name)
        .update('\0')
        .update(readFileSync(path.join(folder, name)));
  }
  const made = hash.digest('hex').slice(0, 16);
  digests.set(folder, made);
  return made;
}
