import { createHash } from 'node:crypto';
import type { Seal } from '../port.ts';
import type { ArchiveReader } from '../unzip/archive-reader.ts';
import { contentOf, linksOf } from '../unzip/contents.ts';
import type { Plan } from '../unzip/plan.ts';
import { Digests, isOfSeal, manifestName, manifestOf, signatureName } from './manifest.ts';

/** A manifest of as many entries as an archive may have, with long names. */
const manifestBytes = 64 * 1024 * 1024;
/** A signature and two certificates. */
const signatureBytes = 64 * 1024;

/** Whether an archive says that it is signed, be it with a link of that name. */
export const hasSeal = (plan: Plan): boolean => [...plan.files, ...plan.links].some(({ path }) => isOfSeal(path));

/** What an archive brings of a signature, and whether it holds what its manifest says. */
export function sealOf(plan: Plan, reader: ArchiveReader, digests: Digests): Seal {
  const smallFile = (name: string, mostBytes: number): Buffer | undefined => {
    const file = plan.files.find(({ path }) => path === name);
    // A copy: what is read next takes its place.
    return file === undefined || file.entry.uncompressedSize > mostBytes ? undefined : Buffer.from(contentOf(file, reader));
  };
  const manifest = smallFile(manifestName, manifestBytes) ?? Buffer.alloc(0);
  const hash = createHash('sha256');
  let [at, matches] = [0, true];
  for (const line of manifestOf(plan, linksOf(plan, reader), digests, plan.directory.entries)) {
    hash.update(line);
    matches &&= manifest.subarray(at, at + line.length).equals(line);
    at += line.length;
  }
  return {
    signature: smallFile(signatureName, signatureBytes)?.toString() ?? '',
    manifestSha256: hash.digest('hex'),
    matches: matches && at === manifest.length,
  };
}
