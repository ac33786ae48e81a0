import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

// One hop and no more: a process writes into a unix socket, another passes it on over HTTP. Prints its port when it listens.
const producerAt = process.argv[2];
const piece = Buffer.alloc(65_536, 'x');

if (producerAt !== undefined) {
  createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', async (request: Buffer) => {
      socket.write('x');
      for (let left = Number(request.toString()); left > 0; left -= 1) if (!socket.write(piece)) await once(socket, 'drain');
      socket.end();
    });
  }).listen(producerAt, () => process.send?.('ready'));
  process.on('disconnect', () => process.exit());
} else {
  const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-bench-pipe-'));
  const producer = fork(import.meta.filename, [path.join(folder, 's')]);
  await once(producer, 'message');
  const server = createHttpServer((request, response) => {
    const source = connect(path.join(folder, 's'));
    source.write(new URL(request.url ?? '/', 'http://x').searchParams.get('pieces') ?? '0');
    source.pipe(response);
  });
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
  process.on('SIGTERM', () => {
    rmSync(folder, { recursive: true, force: true });
    process.exit();
  });
}
