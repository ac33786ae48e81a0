import { parentPort } from 'node:worker_threads';
import { RefusedArchive, type Refusal } from './refusal.ts';
import { merge } from './merge.ts';
import { ArchiveReader } from './unzip/archive-reader.ts';
import { planOf, type Bounds } from './unzip/plan.ts';
import { writeOut } from './unzip/write.ts';

/** Everything that reads or makes many files, away from the server's event loop. */
export type Task =
  | { readonly kind: 'unpack'; readonly archive: string; readonly into: string; readonly bounds: Bounds }
  | { readonly kind: 'merge'; readonly trees: readonly string[]; readonly into: string };

export type Result =
  | { readonly kind: 'done'; readonly unzippedSize: number }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

async function perform(task: Task): Promise<Result> {
  if (task.kind === 'merge') {
    merge(task.trees, task.into);
    return { kind: 'done', unzippedSize: 0 };
  }
  using reader = new ArchiveReader(task.archive);
  const plan = await planOf(reader, task.bounds);
  await writeOut(plan, reader, task.into);
  return { kind: 'done', unzippedSize: plan.unzippedSize };
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
    .catch(resultOf)
    .then((result) => parentPort?.postMessage(result, []));
});
