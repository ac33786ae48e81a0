import { suite, test } from 'node:test';
import { VirtualClock } from '../../../../test/kit/virtual-clock.ts';
import { jsonLogger } from './log.ts';
import { rateLimited } from './rate-limited.ts';

suite('the rate-limited log', () => {
  test('writes ten lines of a message a minute, and says afterwards how many it left out', async (t) => {
    const clock = new VirtualClock();
    const lines: Record<string, unknown>[] = [];
    const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
    const log = rateLimited(jsonLogger({ clock, level: 'debug', write }), clock);
    for (let index = 0; index < 25; index += 1) log.warn('again');
    log.warn('other');
    t.assert.equal(lines.length, 11);
    await clock.advance(60_000);
    log.warn('again', { with: 'fields' });
    t.assert.partialDeepStrictEqual(lines.at(-1) ?? {}, { message: 'again', with: 'fields', leftOut: 15 });
  });
});
