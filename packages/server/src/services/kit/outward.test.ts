import type { lookup } from 'node:dns';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite, test, type TestContext } from 'node:test';
import { outwardHttp } from './http.ts';
import { outward } from './outward.ts';

suite('what the server sends of its own accord', { timeout: 20_000 }, () => {
  test('goes to public addresses and not to private ones, in whatever spelling', (t: TestContext) => {
    const nowhere = outward([]);
    for (const address of ['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946', '8.8.8.8'])
      t.assert.ok(nowhere.permits(address, 80), address);
    const refused = [
      '127.0.0.1',
      '127.9.9.9',
      '10.0.0.1',
      '172.31.0.1',
      '192.168.1.1',
      '100.64.0.1',
      '198.18.0.1',
      '0.0.0.0',
      '224.0.0.1',
      '255.255.255.255',
      '169.254.169.254',
      '169.254.170.2',
      '168.63.129.16',
      '100.100.100.200',
      '::1',
      '::',
      'fe80::1',
      'fd00:ec2::254',
      'fc00::1',
      'ff02::1',
      '::ffff:127.0.0.1',
      '::ffff:a9fe:a9fe',
      '::127.0.0.1',
      '64:ff9b::a00:1',
      '2002:7f00:1::',
      '2002:a9fe:a9fe::1',
    ];
    for (const address of refused) t.assert.ok(!nowhere.permits(address, 80), address);
  });

  test('goes where the operator says, to no other port, and to the metadata services never', (t: TestContext) => {
    const some = outward(['127.0.0.1:3000', '10.1.0.0/16', '[::1]:80', '169.254.0.0/16']);
    t.assert.ok(some.permits('127.0.0.1', 3000));
    t.assert.ok(some.permits('::ffff:127.0.0.1', 3000));
    t.assert.ok(some.permits('10.1.2.3', 9));
    t.assert.ok(some.permits('::1', 80));
    t.assert.ok(!some.permits('127.0.0.1', 3001));
    t.assert.ok(!some.permits('10.2.0.1', 9));
    t.assert.ok(!some.permits('::1', 81));
    t.assert.ok(!some.permits('169.254.169.254', 80));
    const all = outward(['private']);
    t.assert.ok(all.permits('192.168.0.9', 1) && all.permits('127.0.0.1', 1) && all.permits('fd12::1', 1));
    t.assert.ok(!all.permits('fd00:ec2::254', 80));
    t.assert.ok(outward(['localhost:5']).permits('127.0.0.1', 5));
    for (const wrong of ['example.org', '10.0.0.0/33', '1.2.3', '', '10.0.0.0/8/8', '::1/200'])
      t.assert.throws(() => outward([wrong]), TypeError, wrong);
  });

  test('A46: a name that changes its mind after it was looked at is not followed, nor a redirect, nor an odd spelling', async (t: TestContext) => {
    const heard: string[] = [];
    const victim = createServer((request, response) => {
      heard.push(request.url ?? '');
      response.writeHead(302, { Location: 'http://169.254.169.254/latest/meta-data/' }).end();
    }).listen(0, '127.0.0.1');
    await once(victim, 'listening');
    try {
      const { port } = victim.address() as AddressInfo;
      let asked = 0;
      const turning = ((_name: string, _options: object, callback: (error: null, found: object[]) => void) => {
        asked += 1;
        callback(null, [{ address: asked === 1 ? '93.184.216.34' : '127.0.0.1', family: 4 }]);
      }) as unknown as typeof lookup;
      const post = (url: string, allowed: readonly string[], resolve?: typeof lookup): Promise<{ readonly status: number }> =>
        outwardHttp({ outward: outward(allowed), ...(resolve === undefined ? {} : { lookup: resolve }) }).post(url, {
          headers: {},
          body: 'x',
          signal: AbortSignal.timeout(300),
        });
      const guard = { code: 'NOT_DELIVERED_THERE' };
      for (const host of [
        '127.0.0.1',
        '2130706433',
        '0x7f000001',
        '0177.0.0.1',
        '127.1',
        '[::1]',
        '[::ffff:127.0.0.1]',
        'localhost',
      ])
        await t.assert.rejects(post(`http://${host}:${port}/${host}`, []), guard, host);
      await t.assert.rejects(post(`http://93.184.216.34@127.0.0.1:${port}/`, ['localhost']), guard);
      await t.assert.rejects(post('file:///etc/passwd', ['localhost']), guard);
      // The first answer is the one that is connected to; nobody is there, and the second is never asked for.
      await t.assert.rejects(post(`http://rebinding.example:${port}/`, [], turning));
      t.assert.strictEqual(asked, 1);
      await t.assert.rejects(post(`http://rebinding.example:${port}/`, [], turning), guard);
      t.assert.deepStrictEqual(heard, []);
      t.assert.deepStrictEqual(await post(`http://localhost:${port}/hook`, [`127.0.0.1:${port}`]), { status: 302 });
      t.assert.deepStrictEqual(heard, ['/hook']);
    } finally {
      victim.close();
      victim.closeAllConnections();
    }
  });
});
