import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, suite, test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { fetchPackage } from './registry-package.ts';

async function archive(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, text] of Object.entries(files)) tar.entry({ name }, text);
  tar.finalize();
  return gzipSync(await buffer(tar));
}

suite('a package from the registry', { timeout: 60_000 }, () => {
  const signal = new AbortController().signal;
  const wanted = { name: 'node-some-where', version: '1.2.3', files: { 'bin/node': 0o755 } };
  let folder: string;
  let server: Server;
  let registry: string;
  let tarball: Buffer;
  let dist: Record<string, unknown>;
  let asked: string[];

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'mayfly-registry-'));
    tarball = await archive({ 'package/bin/node': '#!/bin/sh\n', 'package/README.md': 'long', 'package/../../escape': 'no' });
    server = createServer((request, response) => {
      asked.push(request.url!);
      if (request.url === '/npm/node-some-where/1.2.3') response.end(JSON.stringify({ dist }));
      else if (request.url === '/tarball') response.end(tarball);
      else response.writeHead(404).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}/npm`;
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  const fetchInto = (name: string, more: Record<string, unknown> = {}): Promise<void> => {
    asked = [];
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
    dist = { tarball: `${new URL(registry).origin}/tarball`, integrity, ...more };
    return fetchPackage(wanted, path.join(folder, name), { registry, signal });
  };

  test('is there whole, with the files asked for and their modes, and nothing else', async (t: TestContext) => {
    await fetchInto('good/1.2.3');
    t.assert.deepEqual(asked, ['/npm/node-some-where/1.2.3', '/tarball']);
    t.assert.deepEqual(readdirSync(path.join(folder, 'good'), { recursive: true }).sort(), [
      '1.2.3',
      '1.2.3/bin',
      '1.2.3/bin/node',
    ]);
    t.assert.equal(readFileSync(path.join(folder, 'good/1.2.3/bin/node'), 'utf8'), '#!/bin/sh\n');
    t.assert.equal(statSync(path.join(folder, 'good/1.2.3/bin/node')).mode & 0o777, 0o755);
    t.assert.equal(statSync(path.join(folder, 'good/1.2.3')).mode & 0o777, 0o755);
  });

  test('is refused, and leaves nothing, when its checksum is another', async (t: TestContext) => {
    const integrity = `sha512-${createHash('sha512').update('something else').digest('base64')}`;
    await t.assert.rejects(fetchInto('wrong/1.2.3', { integrity }), {
      code: 'RUNTIME_FETCH_FAILED',
      message: /does not match the checksum/,
    });
    t.assert.deepEqual(readdirSync(path.join(folder, 'wrong')), []);
  });

  test('takes a registry that only knows the older checksum', async (t: TestContext) => {
    await fetchInto('old/1.2.3', { integrity: undefined, shasum: createHash('sha1').update(tarball).digest('hex') });
    t.assert.ok(existsSync(path.join(folder, 'old/1.2.3/bin/node')));
  });

  test('is refused without any checksum, or from an address that is not HTTP', async (t: TestContext) => {
    await t.assert.rejects(fetchInto('none/1.2.3', { integrity: undefined }), { message: /gives no checksum/ });
    await t.assert.rejects(fetchInto('file/1.2.3', { tarball: 'file:///etc/passwd' }), { message: /not HTTP/ });
  });

  test('says what it lacks, and which registry does not know it', async (t: TestContext) => {
    await fetchInto('again/1');
    const other = { name: 'node-some-where', version: '1.2.3', files: { 'bin/nod': 0o755 } };
    await t.assert.rejects(fetchPackage(other, path.join(folder, 'lacks/1.2.3'), { registry, signal }), {
      message: /the archive lacks bin\/nod/,
    });
    const unknown = { ...wanted, version: '9.9.9' };
    await t.assert.rejects(fetchPackage(unknown, path.join(folder, 'unknown/9'), { registry, signal }), {
      code: 'RUNTIME_FETCH_FAILED',
      message: /node-some-where@9\.9\.9 could not be fetched from http:.*: the registry answered 404/,
    });
  });

  test('stops when told to', async (t: TestContext) => {
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    await t.assert.rejects(fetchPackage(wanted, path.join(folder, 'stopped/1'), { registry, signal: stop.signal }), {
      message: 'enough',
    });
    t.assert.deepEqual(readdirSync(path.join(folder, 'stopped')), []);
  });
});
