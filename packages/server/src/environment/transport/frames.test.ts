import { suite, test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { encodeFrame, FrameError, FrameReader, type Frame } from './frames.ts';

const read = (pieces: readonly Buffer[], maxBodyBytes = 1000): Frame[] => {
  const frames: Frame[] = [];
  const reader = new FrameReader({
    maxBodyBytes,
    onFrame: ({ continued, ...frame }) => {
      const last = frames.at(-1);
      if (continued !== true || last === undefined) frames.push({ ...frame, body: Buffer.from(frame.body) });
      else frames.splice(-1, 1, { ...last, body: Buffer.concat([last.body, frame.body]) });
    },
  });
  for (const piece of pieces) reader.push(piece);
  return frames;
};

suite('frames', { timeout: 60_000 }, () => {
  test('any cut of the stream gives the same frames', () => {
    const frame = fc.record({
      type: fc.constantFrom('A', 'D', 'L'),
      header: fc.dictionary(fc.string(), fc.string()),
      body: fc.uint8Array({ maxLength: 300 }),
    });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(60), { minLength: 1 }), (frames, cuts) => {
        const whole = Buffer.concat(frames.flatMap(({ type, header, body }) => encodeFrame(type, header, body)));
        const pieces: Buffer[] = [];
        for (let at = 0, turn = 0; at < whole.length; turn += 1) {
          const size = (cuts[turn % cuts.length] ?? 0) + 1;
          pieces.push(whole.subarray(at, at + size));
          at += size;
        }
        const got = read(pieces);
        return (
          got.length === frames.length &&
          got.every((one, index) => {
            const sent = frames[index];
            return (
              sent !== undefined &&
              one.type === sent.type &&
              Buffer.from(sent.body).equals(one.body) &&
              JSON.stringify(one.header) === JSON.stringify({ ...sent.header })
            );
          })
        );
      }),
    );
  });

  test('a part of a streamed response is handed on as it comes, never as nothing', (t: TestContext) => {
    const [whole] = encodeFrame('D', { requestId: 'r' }, Buffer.from('abcdef')) as [Buffer];
    const bodies: string[] = [];
    const reader = new FrameReader({ maxBodyBytes: 10, onFrame: ({ body }) => bodies.push(body.toString()) });
    const bodyAt = whole.length - 6;
    for (const [from, to] of [
      [0, bodyAt],
      [bodyAt, bodyAt + 2],
      [bodyAt + 2, bodyAt + 5],
      [bodyAt + 5, bodyAt + 6],
    ] as const)
      reader.push(whole.subarray(from, to));
    t.assert.deepEqual(bodies, ['ab', 'cde', 'f']);
  });

  test('a body that is too long is skipped, and what follows is read', (t: TestContext) => {
    const whole = Buffer.concat([...encodeFrame('A', { requestId: 'r' }, Buffer.alloc(5000)), ...encodeFrame('N')]);
    for (const size of [1, 7, 1000, whole.length]) {
      const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
        whole.subarray(index * size, (index + 1) * size),
      );
      const frames = read(pieces);
      t.assert.deepEqual(
        frames.map(({ type, oversize, body }) => [type, oversize, body.length]),
        [
          ['A', true, 0],
          ['N', false, 0],
        ],
      );
    }
  });

  test('what is no frame is refused instead of being waited for', (t: TestContext) => {
    t.assert.throws(() => read([Buffer.from('GET / HTTP/1.1\r\n\r\n')]), FrameError);
    t.assert.throws(() => read([...encodeFrame('A', [1])].map((piece) => Buffer.from(piece))), FrameError);
  });
});
