import { suite, test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { maxLineBytes } from './lines.ts';
import { LogFrames } from './log-frames.ts';

const frame = (text: string | Buffer, { type = 0xa55a0003, atMs = 1_700_000_000_123 } = {}): Buffer => {
  const body = Buffer.from(text);
  const header = Buffer.alloc(16);
  header.writeUInt32BE(type, 0);
  header.writeUInt32BE(body.length, 4);
  header.writeBigUInt64BE(BigInt(atMs) * 1000n, 8);
  return Buffer.concat([header, body]);
};

const pieces = (whole: Buffer, sizes: readonly number[]): Buffer[] => {
  const cut: Buffer[] = [];
  for (let at = 0, turn = 0; at < whole.length; turn += 1) {
    const size = (sizes[turn % sizes.length] ?? 0) + 1;
    cut.push(whole.subarray(at, at + size));
    at += size;
  }
  return cut;
};

type Record = readonly [text: string, atMs: number | undefined, level: string | undefined];
const read = (cut: readonly Buffer[], takes: (bytes: number) => boolean = () => true): Record[] => {
  const records: Record[] = [];
  const frames = new LogFrames((...record) => void records.push(record), takes);
  for (const piece of cut) frames.push(piece);
  frames.flush();
  return records;
};

suite('the framed log', { timeout: 60_000 }, () => {
  test('any cut gives the same events, with their lines, levels and times', () => {
    const levels = [undefined, 'TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;
    const event = fc.record({
      text: fc.string({ unit: 'grapheme', maxLength: 200 }).map((text) => `${text}\nsecond line`),
      level: fc.nat(6),
      json: fc.boolean(),
      atMs: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 6 }), fc.array(fc.nat(40), { minLength: 1 }), (events, sizes) => {
        const whole = Buffer.concat(
          events.map(({ text, level, json, atMs }) => frame(text, { type: 0xa55a0002 + (json ? 0 : 1) + (level << 2), atMs })),
        );
        const told = events.map(({ text, level, atMs }) => [text, atMs, levels[level]]);
        return JSON.stringify(read(pieces(whole, sizes))) === JSON.stringify(told);
      }),
    );
  });

  test('what is no frame becomes lines, and the frames after it are read', () => {
    const stray = fc.oneof(
      fc.string().map((text) => Buffer.from(`${text}\n`)),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(fc.array(stray), fc.array(fc.nat(40), { minLength: 1 }), (strays, sizes) => {
        // Bytes that look like a frame are one, whoever wrote them.
        const before = Buffer.concat([...strays, Buffer.from('\n')]);
        fc.pre(!before.includes(Buffer.from([0xa5, 0x5a])));
        const records = read(pieces(Buffer.concat([before, frame('found')]), sizes));
        return JSON.stringify(records.at(-1)) === JSON.stringify(['found', 1_700_000_000_123, undefined]);
      }),
    );
  });

  test('hostile lengths and types cost no more than an event, and end no other', (t: TestContext) => {
    const endless = frame('');
    endless.writeUInt32BE(0xffffffff, 4);
    t.assert.deepEqual(read([endless, Buffer.alloc(1000, 'x')]), []);
    const long = read(pieces(Buffer.concat([frame('y'.repeat(maxLineBytes + 100)), frame('next')]), [65_535]));
    t.assert.deepEqual(
      long.map(([text]) => text.length),
      [maxLineBytes, 4],
    );
    t.assert.deepEqual(
      read([frame('xodd', { type: 0xa55a0001 }), frame('even')])
        .map(([text]) => text.slice(-4))
        .slice(-2),
      ['xodd', 'even'],
    );
  });

  test('what is more than the log takes is passed over, frame by frame', (t: TestContext) => {
    const whole = Buffer.concat([frame('small'), frame('x'.repeat(5000)), frame('small')]);
    t.assert.deepEqual(
      read(pieces(whole, [6]), (bytes) => bytes < 1000).map(([text]) => text),
      ['small', 'small'],
    );
  });
});
