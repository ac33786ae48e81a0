import { createHook } from 'node:async_hooks';
import { Session } from 'node:inspector/promises';
import { Socket } from 'node:net';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Worker } from 'node:worker_threads';

/** What this process did between two moments: figures that do not depend on how busy the machine is. */
export interface Counts {
  /** Writes to sockets, each of them a system call. */
  writes: number;
  /** Pieces read from sockets. */
  reads: number;
  processes: number;
  /** Questions to other threads: storage. */
  questions: number;
  timers: number;
  immediates: number;
  promises: number;
}

/** Counts until it is disposed. */
export function countWork(): Counts & Disposable {
  const counts: Counts = { writes: 0, reads: 0, processes: 0, questions: 0, timers: 0, immediates: 0, promises: 0 };
  const sockets = Socket.prototype as unknown as Record<'_write' | '_writev' | 'push', (...given: unknown[]) => unknown>;
  const undo = [
    counted(sockets, '_write', () => (counts.writes += 1)),
    counted(sockets, '_writev', () => (counts.writes += 1)),
    counted(sockets, 'push', () => (counts.reads += 1)),
    counted(
      Worker.prototype as unknown as Record<'postMessage', (...given: unknown[]) => unknown>,
      'postMessage',
      () => (counts.questions += 1),
    ),
  ];
  const started = (): void => void (counts.processes += 1);
  subscribe('child_process', started);
  const hook = createHook({
    init(_id, type) {
      if (type === 'PROMISE') counts.promises += 1;
      else if (type === 'Timeout') counts.timers += 1;
      else if (type === 'Immediate') counts.immediates += 1;
    },
  }).enable();
  return Object.assign(counts, {
    [Symbol.dispose]() {
      hook.disable();
      unsubscribe('child_process', started);
      for (const each of undo) each();
    },
  });
}

/** Bytes that this process made objects of while `work` went on, dead ones too: a sample of one in two thousand bytes. */
export async function allocatedBytes(work: () => Promise<void>): Promise<number> {
  const session = new Session();
  session.connect();
  try {
    await session.post('HeapProfiler.enable');
    await session.post('HeapProfiler.startSampling', {
      samplingInterval: 2_048,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
    await work();
    const { profile } = await session.post('HeapProfiler.stopSampling');
    let bytes = 0;
    for (const nodes = [profile.head]; nodes.length > 0;) {
      const node = nodes.pop();
      bytes += node?.selfSize ?? 0;
      nodes.push(...(node?.children ?? []));
    }
    return bytes;
  } finally {
    session.disconnect();
  }
}

function counted<Name extends string>(
  target: Record<Name, (...given: unknown[]) => unknown>,
  name: Name,
  count: () => void,
): () => void {
  const own = Object.hasOwn(target, name);
  const original = target[name];
  target[name] = function (this: unknown, ...given: unknown[]): unknown {
    count();
    return original.apply(this, given);
  };
  return () => {
    if (own) target[name] = original;
    else delete (target as Partial<typeof target>)[name];
  };
}
