import type { Fields } from '../template/template.ts';
import type { Making } from './type.ts';

interface Said extends Fields {
  readonly Status?: string;
  readonly UniqueId?: string;
  readonly Data?: string;
  readonly Reason?: string;
}

/**
 * Waits until so many have said that they are done.
 *
 * @returns what each said, by its id
 * @throws Error as soon as one says that it failed, or when it takes too long
 */
export async function enoughSignals(
  token: string,
  count: number,
  timeoutS: number,
  { waiting, clock, signal }: Pick<Making, 'waiting' | 'clock' | 'signal'>,
): Promise<Readonly<Record<string, unknown>>> {
  const deadline = new AbortController();
  using _timer = clock.after(timeoutS * 1_000, () =>
    deadline.abort(
      new Error(`WaitCondition timed out. Received ${waiting.answers(token).length} conditions when expecting ${count}`),
    ),
  );
  const either = AbortSignal.any([signal, deadline.signal]);
  for (;;) {
    const said = new Map((waiting.answers(token) as readonly Said[]).map((each) => [each.UniqueId ?? '', each]));
    const failed = [...said.values()].find(({ Status: status }) => status !== 'SUCCESS');
    if (failed !== undefined)
      throw new Error(`WaitCondition received failed message: '${failed.Reason ?? ''}' for uniqueId: ${failed.UniqueId ?? ''}`);
    if (said.size >= count) return Object.fromEntries([...said].map(([id, { Data: data = '' }]) => [id, data]));
    await waiting.next(token, either);
    either.throwIfAborted();
  }
}
