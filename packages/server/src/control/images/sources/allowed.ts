import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { RefusedImage } from '../refusal.ts';

/**
 * The real place of a path, when it lies in the folder that the operator opened. Whoever may create a
 * function must not learn what else is on the machine: outside, everything is refused alike.
 */
export async function allowedPath(folder: string | undefined, wanted: string): Promise<string> {
  const refused = (): RefusedImage =>
    new RefusedImage('denied', 'Images on the disk are read from the folder that `--image-folder` names, and from nowhere else.');
  if (folder === undefined) throw refused();
  const home = await realpath(folder).catch(() => undefined);
  // Before anything is looked at: a path that only begins elsewhere must not be asked for either.
  const lexical = path.resolve(wanted);
  if (home === undefined || (!isIn(home, lexical) && !isIn(path.resolve(folder), lexical))) throw refused();
  const real = await realpath(lexical).catch(() => undefined);
  if (real === undefined) throw new RefusedImage('missing', 'There is nothing at this path.');
  if (!isIn(home, real)) throw refused();
  return real;
}

const isIn = (folder: string, file: string): boolean =>
  file.startsWith(folder.endsWith(path.sep) ? folder : `${folder}${path.sep}`);
