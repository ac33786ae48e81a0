import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { seeded } from '../fault/load.ts';

const bootstrap = path.join(import.meta.dirname, '../../runtimes/nodejs');
type Reader = (onFrame: (type: string, header: object, body: Buffer) => void) => (bytes: Buffer) => void;
const { encode, reader } = createRequire(import.meta.url)(`${bootstrap}/channel.cjs`) as {
  encode(frames: readonly unknown[]): Buffer[];
  reader: Reader;
};

suite('Node.js: the end of the channel in a box', () => {
  test('gives the same frames however the stream is cut, though each piece is overwritten after it was given', (t: TestContext) => {
    const seed = Number(process.env['MAYFLY_SEED'] ?? Date.now() % 1e9);
    t.diagnostic(`seed ${seed}`);
    const chance = seeded(seed);
    const frames = [
      ['N'],
      ['L', { atMs: 1 }, ''],
      ['A', { requestId: 'ä' }, 'x'.repeat(70_000)],
      ['C', {}, '{}'],
      ['D', { requestId: 'y' }, Buffer.alloc(50_000, 'z')],
      ['D', { requestId: 'y' }, 'z'.repeat(300)],
    ];
    const stream = Buffer.concat(encode(frames));
    for (let round = 0; round < 300; round += 1) {
      const given: unknown[] = [];
      const read = reader((type, header, body) => given.push([type, header, body.toString('utf8')]));
      for (let at = 0; at < stream.length;) {
        const most = round % 3 === 0 ? 3 : round % 3 === 1 ? 90_000 : 700;
        const piece = Buffer.from(stream.subarray(at, at + 1 + Math.floor(chance() * most)));
        at += piece.length;
        read(piece);
        piece.fill(255);
      }
      t.assert.deepStrictEqual(
        given,
        frames.map(([type, header = {}, body = '']) => [type, header, String(body)]),
      );
    }
  });

  test('ends the process when the server has gone', { timeout: 10_000 }, async (t: TestContext) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-channel-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const server = createServer().listen(path.join(folder, 'socket'));
    t.after(() => server.close());
    const child = spawn(process.execPath, [`${bootstrap}/bootstrap.cjs`], {
      env: { MAYFLY_CHANNEL: path.join(folder, 'socket') },
    });
    t.after(() => child.kill('SIGKILL'));
    const [socket] = (await once(server, 'connection')) as [Socket];
    await once(socket, 'data');
    socket.destroy();
    const [code] = (await once(child, 'exit')) as [number];
    t.assert.strictEqual(code, 0);
  });
});
