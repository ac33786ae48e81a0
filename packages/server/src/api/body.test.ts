import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { suite, test, type TestContext } from 'node:test';
import { readBody } from './body.ts';
import { ComingBodies } from './coming.ts';

suite('bodies that are still coming', { timeout: 20_000 }, () => {
  test('have a bound together: whoever takes longest makes room, and leaves nothing behind', async (t: TestContext) => {
    const room = new ComingBodies(1_000_000);
    const server = createServer((request, response) => {
      readBody(request, { limitBytes: 600_000, hash: false, room }).then(
        (body) => response.end(body === 'tooLarge' ? body : String(body.bytes.length)),
        (error: { readonly code?: string }) => response.destroy(error as Error),
      );
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const sockets: Socket[] = [];
    const begin = (bytes: number): Socket => {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n${'x'.repeat(bytes)}`);
      sockets.push(socket);
      return socket;
    };
    const reached = async (bytes: number): Promise<void> => {
      while (room.bytes !== bytes) await new Promise((turn) => setImmediate(turn));
    };
    try {
      const slow = begin(300_000);
      await reached(300_000);
      begin(300_000);
      await reached(600_000);
      const cut = once(slow, 'close');
      const quick = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'y'.repeat(600_000) });
      t.assert.strictEqual(await quick.text(), '600000');
      await cut;
      await reached(300_000);
      t.assert.strictEqual(
        await (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'y'.repeat(600_001) })).text(),
        'tooLarge',
      );
      await reached(300_000);
      sockets[1]?.destroy();
      await reached(0);
    } finally {
      for (const socket of sockets) socket.destroy();
      server.close();
      server.closeAllConnections();
    }
  });
});
