import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';

/** A reporter of what failed alone: the file, the name and the reason of each test that did. */
export default async function* failures(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of events) {
    // A suite fails with its tests, which are told themselves.
    if (type !== 'test:fail' || (data.details.error as { failureType?: string }).failureType === 'subtestsFailed') continue;
    const { file, line, name, details } = data;
    yield `${file ?? ''}:${line ?? ''}\n${name} (${Math.round(details.duration_ms)} ms)\n${inspect(details.error.cause ?? details.error).slice(0, 4000)}\n\n`;
  }
}
