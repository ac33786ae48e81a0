import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { aboutName } from './places.ts';
import type { Seal } from './port.ts';

/** What is kept beside the files. */
export interface About {
  readonly codeSize: number;
  readonly unzippedSize: number;
  readonly seal?: Seal;
  /** Of merged layers: CodeSha256 of each, first to last. */
  readonly layers?: readonly string[];
}

/** Undefined where nothing is; a folder appears with everything in it or not at all. */
export async function aboutOf(folder: string): Promise<About | undefined> {
  try {
    return JSON.parse(await readFile(path.join(folder, aboutName), 'utf8')) as About;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
