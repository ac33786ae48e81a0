import { Worker } from 'node:worker_threads';
import { RefusedImage } from './refusal.ts';
import type { Result, Task } from './thread.ts';
import type { LayerAbout } from './unpack.ts';

const heapMiB = 512;

/**
 * One task in a thread of its own; images are rare enough not to keep any.
 *
 * @throws RefusedImage for what is the image's fault, Error with `code` for the rest
 */
export async function inThread(task: Task, signal: AbortSignal): Promise<LayerAbout | undefined> {
  signal.throwIfAborted();
  const worker = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: task,
    execArgv: [],
    name: 'image',
    resourceLimits: { maxOldGenerationSizeMb: heapMiB },
  });
  const { promise, resolve } = Promise.withResolvers<Result>();
  const failed = (code: string, message: string): void => resolve({ kind: 'failed', code, message });
  const stop = (): void => failed('UNPACK_ENDED', 'The server is stopping.');
  worker
    .on('message', resolve)
    .on('error', (error: Error) => failed((error as NodeJS.ErrnoException).code ?? 'UNPACK_FAILED', error.message))
    .on('exit', () => failed('UNPACK_ENDED', 'The thread that unpacks was ended.'));
  signal.addEventListener('abort', stop, { once: true });
  const result = await promise;
  signal.removeEventListener('abort', stop);
  await worker.terminate();
  if (result.kind === 'done') return result.about;
  if (result.kind === 'refused') throw new RefusedImage('invalid', result.detail);
  throw Object.assign(new Error(result.message), { code: result.code });
}
