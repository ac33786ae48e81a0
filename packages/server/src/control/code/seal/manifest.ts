import { createHash, type Hash } from 'node:crypto';
import { modifiedOf, type Sink } from '../unzip/contents.ts';
import type { Plan, PlannedFile } from '../unzip/plan.ts';

/** What a signed archive has more than others: what it holds, and who says so. See docs/decisions/0008. */
export const manifestName = 'META-INF/mayfly.manifest';
export const signatureName = 'META-INF/mayfly.signature';
const folderName = 'META-INF';

export const isOfSeal = (path: string): boolean => path === manifestName || path === signatureName;

/** SHA-256 of each file, taken while its bytes pass by. */
export class Digests {
  readonly #done = new Map<string, string>();
  #path = '';
  #hash: Hash | undefined;

  /** For the bytes of the next file; those of the last one are over. */
  sinkOf({ path }: PlannedFile): Sink | undefined {
    this.#finish();
    if (isOfSeal(path)) return undefined;
    const hash = createHash('sha256');
    [this.#path, this.#hash] = [path, hash];
    return (bytes) => void hash.update(bytes);
  }

  of(path: string): string {
    this.#finish();
    return this.#done.get(path) ?? '';
  }

  #finish(): void {
    if (this.#hash !== undefined) this.#done.set(this.#path, this.#hash.digest('hex'));
    this.#hash = undefined;
  }
}

/**
 * Everything that unpacking makes, in one form only: a line of JSON for how many entries there are, then one for each
 * file, link and folder, by name. So a manifest is checked by writing it again.
 *
 * @param entries  of the signed archive, the seal's two included
 */
export function* manifestOf(plan: Plan, links: ReadonlyMap<string, string>, digests: Digests, entries: number): Iterable<Buffer> {
  const members = new Map<string, PlannedFile | string | undefined>();
  for (const path of [...plan.folders, folderName]) members.set(path, undefined);
  for (const [path, target] of links) members.set(path, target);
  for (const file of plan.files) if (!isOfSeal(file.path)) members.set(file.path, file);
  yield lineOf({ manifest: 1, entries });
  for (const path of [...members.keys()].sort((a, b) => (a < b ? -1 : 1))) {
    const member = members.get(path);
    if (member === undefined) yield lineOf({ path: `${path}/` });
    else if (typeof member === 'string') yield lineOf({ path, link: member });
    else yield lineOf({ path, mode: member.mode.toString(8), ...momentOf(member), sha256: digests.of(path) });
  }
}

const lineOf = (line: object): Buffer => Buffer.from(`${JSON.stringify(line)}\n`);

function momentOf(file: PlannedFile): { readonly modified?: string } {
  const seconds = modifiedOf(file);
  return seconds === undefined ? {} : { modified: new Date(seconds * 1000).toISOString() };
}
