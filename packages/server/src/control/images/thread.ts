import { parentPort, workerData } from 'node:worker_threads';
import { assemble, type LayerTreeRef } from './assemble.ts';
import { RefusedImage } from './refusal.ts';
import { settle } from './settle.ts';
import { unpackLayer, type Bounds, type LayerAbout } from './unpack.ts';

/** Many small files, away from the server's event loop. */
export type Task =
  | { readonly kind: 'unpack'; readonly file: string; readonly into: string; readonly bounds: Bounds }
  | { readonly kind: 'settle'; readonly folder: string }
  | { readonly kind: 'assemble'; readonly layers: readonly LayerTreeRef[]; readonly into: string };

export type Result =
  | { readonly kind: 'done'; readonly about?: LayerAbout }
  | { readonly kind: 'refused'; readonly detail: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

async function perform(task: Task): Promise<Result> {
  if (task.kind === 'unpack') return { kind: 'done', about: await unpackLayer(task.file, task.into, task.bounds) };
  if (task.kind === 'settle') settle(task.folder);
  else assemble(task.layers, task.into);
  return { kind: 'done' };
}

/** What the disk says is ours; the rest can only be the image's. */
function resultOf(error: unknown): Result {
  if (error instanceof RefusedImage) return { kind: 'refused', detail: error.message };
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (syscall !== undefined) return { kind: 'failed', code: code ?? 'EIO', message };
  return { kind: 'refused', detail: `A layer cannot be read: ${message}` };
}

if (parentPort !== null) {
  const port = parentPort;
  void perform(workerData as Task)
    .catch(resultOf)
    .then((result) => port.postMessage(result, []));
}
