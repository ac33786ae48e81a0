import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { Seal } from './port.ts';
import { RefusedArchive, type Refusal } from './refusal.ts';
import { merge } from './merge.ts';
import { tailOf } from './seal/append.ts';
import { Digests, manifestName, manifestOf, signatureName } from './seal/manifest.ts';
import { hasSeal, sealOf } from './seal/read-seal.ts';
import { ArchiveReader } from './unzip/archive-reader.ts';
import { linksOf, readOut } from './unzip/contents.ts';
import { planOf, type Bounds } from './unzip/plan.ts';
import { writeOut } from './unzip/write.ts';

/** Everything that reads or makes many files, away from the server's event loop. */
export type Task =
  | { readonly kind: 'unpack'; readonly archive: string; readonly into: string; readonly bounds: Bounds }
  | { readonly kind: 'merge'; readonly trees: readonly string[]; readonly into: string }
  /** Writes down what an archive holds that is to be signed. */
  | { readonly kind: 'list'; readonly archive: string; readonly manifest: string; readonly bounds: Bounds }
  /** Writes what follows the files of an archive when manifest and signature are among them. */
  | {
      readonly kind: 'seal';
      readonly archive: string;
      readonly manifest: string;
      readonly signature: string;
      readonly tail: string;
      readonly bounds: Bounds;
    };

/** What comes of each task. */
export interface Outcomes {
  readonly unpack: { readonly unzippedSize: number; readonly seal?: Seal };
  readonly merge: { readonly unzippedSize: number };
  readonly list: { readonly manifestSha256: string };
  /** How much of the archive stays in front of the tail. */
  readonly seal: { readonly keptBytes: number };
}

export type Result =
  | { readonly kind: 'done'; readonly outcome: Outcomes[Task['kind']] }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

async function perform(task: Task): Promise<Outcomes[Task['kind']]> {
  switch (task.kind) {
    case 'unpack':
      return unpack(task);
    case 'merge':
      merge(task.trees, task.into);
      return { unzippedSize: 0 };
    case 'list':
      return list(task);
    case 'seal':
      return seal(task);
  }
}

type TaskOf<Kind extends Task['kind']> = Extract<Task, { kind: Kind }>;

async function unpack({ archive, into, bounds }: TaskOf<'unpack'>): Promise<Outcomes['unpack']> {
  using reader = new ArchiveReader(archive);
  const plan = await planOf(reader, bounds);
  const { unzippedSize } = plan;
  if (!hasSeal(plan)) {
    await writeOut(plan, reader, into);
    return { unzippedSize };
  }
  const digests = new Digests();
  await writeOut(plan, reader, into, (file) => digests.sinkOf(file));
  return { unzippedSize, seal: sealOf(plan, reader, digests) };
}

/** Two entries more: the manifest itself and the signature. */
const sealEntries = 2;

async function list({ archive, manifest, bounds }: TaskOf<'list'>): Promise<Outcomes['list']> {
  using reader = new ArchiveReader(archive);
  const plan = await planOf(reader, bounds);
  if (hasSeal(plan)) throw new RefusedArchive('sealed', 'it is signed already');
  const digests = new Digests();
  for (const file of plan.files) await readOut(file, reader, digests.sinkOf(file) ?? (() => undefined));
  const hash = createHash('sha256');
  const fd = openSync(manifest, 'wx', 0o400);
  try {
    for (const line of manifestOf(plan, linksOf(plan, reader), digests, plan.directory.entries + sealEntries)) {
      hash.update(line);
      writeFileSync(fd, line);
    }
  } finally {
    closeSync(fd);
  }
  return { manifestSha256: hash.digest('hex') };
}

async function seal({ archive, manifest, signature, tail, bounds }: TaskOf<'seal'>): Promise<Outcomes['seal']> {
  using reader = new ArchiveReader(archive);
  const plan = await planOf(reader, bounds);
  const additions = [
    { name: manifestName, content: readFileSync(manifest) },
    { name: signatureName, content: Buffer.from(signature) },
  ];
  writeFileSync(tail, tailOf(plan, reader, additions), { flag: 'wx', mode: 0o400 });
  return { keptBytes: plan.directory.at };
}

/** What the disk says is ours; the rest can only be the archive's. */
function resultOf(error: unknown): Result {
  if (error instanceof RefusedArchive) return { kind: 'refused', refusal: error.refusal };
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (syscall !== undefined) return { kind: 'failed', code: code ?? 'EIO', message };
  return { kind: 'refused', refusal: { kind: 'malformed', detail: message ?? String(error) } };
}

parentPort?.on('message', (task: Task) => {
  void perform(task)
    .then((outcome): Result => ({ kind: 'done', outcome }), resultOf)
    .then((result) => parentPort?.postMessage(result, []));
});
