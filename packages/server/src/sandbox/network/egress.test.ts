import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, suite, test, type TestContext } from 'node:test';
import { silentLogger, systemClock } from '../../base/index.ts';
import { rootObstacle, suiteLimits } from '../driver.suite.ts';
import { cgroupVersion } from '../cgroup/index.ts';
import type { Sandbox, SandboxDriver, SandboxSpec } from '../index.ts';
import { JailDriver, serverName } from '../jail/driver.ts';
import { findFirewall, hostAddress } from './egress.ts';
import { contains, isPublic, rangeFault, reservedBy } from './ranges.ts';

/** Another network namespace plays the internet: a public address, and a private one that must stay out of reach. */
for (const kind of ['nft', 'iptables'] as const) {
  const firewall = findFirewall(kind);
  const ipTool = ['/usr/sbin/ip', '/usr/bin/ip', '/sbin/ip', '/bin/ip'].find((file) => existsSync(file)) ?? '';
  const skip = rootObstacle() ?? (firewall === undefined || ipTool === '' ? `ip or ${kind} is missing` : false);
  suite(`a way to the internet with ${kind}`, { skip, timeout: 60_000 }, () => {
    const name = `mfi${process.pid}${kind[0]}`;
    const ip = (line: string): void => void execFileSync(ipTool, line.split(' '));
    let dataDir: string;
    let driver: SandboxDriver;
    let internet: ReturnType<typeof spawn>;
    const onHost = createServer((socket) => socket.end('host'));
    const { signal } = new AbortController();
    const open = async (id: string, network: SandboxSpec['network'] = 'egress'): Promise<Sandbox> => {
      const box = await driver.create({ id, mounts: [], limits: suiteLimits, network }, { signal });
      await box.furnished();
      return box;
    };
    const run = async (box: Sandbox, script: string): Promise<string> => {
      const started = await box.start({ command: ['/bin/bash', '-c', script], env: { PATH: '/usr/bin:/bin' }, cwd: '/' });
      return text(started.output);
    };
    const dial = (address: string, port = 8080): string => `(timeout 2 cat </dev/tcp/${address}/${port}) 2>&1 || true; `;

    /** The lines of the host's rules that name a server. */
    const rulesOf = (folder: string): string[] => {
      const rules = kind === 'nft' ? execFileSync('/usr/sbin/nft', ['list', 'tables']) : execFileSync('/usr/sbin/iptables-save');
      const names = new RegExp(`\\bmf-${serverName(folder)}-|\\bmayfly_${serverName(folder)}\\b`);
      return rules
        .toString()
        .split('\n')
        .filter((line) => names.test(line));
    };

    before(async () => {
      dataDir = mkdtempSync(path.join(tmpdir(), 'mayfly-egress-'));
      driver = new JailDriver({ dataDir, clock: systemClock, log: silentLogger, cgroup: cgroupVersion(), firewall });
      ip(`netns add ${name}`);
      ip(`link add ${name} type veth peer name eth0 netns ${name}`);
      ip(`address add 203.0.113.1/24 dev ${name}`);
      ip(`address add 10.213.0.1/24 dev ${name}`);
      ip(`address add 169.254.77.1/24 dev ${name}`);
      ip(`link set ${name} up`);
      for (const address of ['203.0.113.2/24', '10.213.0.2/24', '169.254.77.2/24'])
        ip(`-n ${name} address add ${address} dev eth0`);
      for (const link of ['eth0', 'lo']) ip(`-n ${name} link set ${link} up`);
      execFileSync('/bin/sh', ['-c', `echo 1 > /proc/sys/net/ipv4/conf/${name}/forwarding`]);
      const script = `require('net').createServer((s) => s.end('hello ' + s.remoteAddress)).listen(8080, '0.0.0.0', () => console.log('up'))`;
      internet = spawn(ipTool, ['netns', 'exec', name, process.execPath, '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      if (internet.stdout !== null) await once(internet.stdout, 'data');
      onHost.listen(0, '0.0.0.0');
      await once(onHost, 'listening');
    });
    after(async () => {
      onHost.close();
      internet.kill('SIGKILL');
      await once(internet, 'close');
      ip(`netns delete ${name}`);
      await driver[Symbol.asyncDispose]();
      rmSync(dataDir, { recursive: true });
    });

    test("public addresses answer, and see the host's address, not the box's", async (t: TestContext) => {
      await using box = await open('out');
      t.assert.equal(await run(box, dial('203.0.113.2')), 'hello 203.0.113.1');
    });

    test('private ranges, metadata, the host and the neighbours are refused at once', async (t: TestContext) => {
      await using box = await open('walled');
      await using neighbour = await open('neighbour');
      const listening = await neighbour.start({
        command: [
          '/usr/bin/perl',
          '-MSocket',
          '-e',
          '$| = 1; socket(S, PF_INET, SOCK_STREAM, 0); bind(S, sockaddr_in(8080, INADDR_ANY)); listen(S, 1); print "up\n"; sleep 1000',
        ],
        env: {},
        cwd: '/',
      });
      await once(listening.output, 'data');
      const address = (
        await run(neighbour, 'grep -B1 "32 host LOCAL" /proc/net/fib_trie | grep -o "198[0-9.]*" | head -1')
      ).trim();
      t.assert.match(address, /^198\.18\./);
      const port = (onHost.address() as AddressInfo).port;
      const at = performance.now();
      for (const [place, where] of [
        ['10.213.0.2', 8080],
        ['169.254.169.254', 80],
        ['192.168.1.1', 80],
        [address, 8080],
        ['203.0.113.1', port],
        ['198.19.255.254', port],
      ] as const) {
        t.assert.match(
          await run(box, dial(place, where)),
          /Permission denied|No route to host|prohibited|refused|unreachable/,
          place,
        );
      }
      t.assert.ok(performance.now() - at < 2000);
    });

    test('nobody comes in: neither the host nor the internet reaches a box', async (t: TestContext) => {
      await using box = await open('inward');
      const listening = await box.start({
        command: [
          '/usr/bin/perl',
          '-MSocket',
          '-e',
          '$| = 1; socket(S, PF_INET, SOCK_STREAM, 0); bind(S, sockaddr_in(8080, INADDR_ANY)); listen(S, 1); print "up\n"; sleep 1000',
        ],
        env: {},
        cwd: '/',
      });
      await once(listening.output, 'data');
      const address = (await run(box, 'grep -o "198\\.18[0-9.]*" /proc/net/fib_trie | grep -v "\\.0$" | head -1')).trim();
      execFileSync(ipTool, `-n ${name} route add 198.18.0.0/16 via 203.0.113.1`.split(' '));
      const answer = execFileSync(
        ipTool,
        [
          'netns',
          'exec',
          name,
          '/bin/bash',
          '-c',
          `(timeout 1 bash -c "echo >/dev/tcp/${address}/8080") 2>/dev/null && echo in || echo out`,
        ],
        { encoding: 'utf8' },
      );
      t.assert.equal(answer, 'out\n');
    });

    test('a box without the wish for it has no way out', async (t: TestContext) => {
      await using box = await open('inside', 'loopback');
      t.assert.match(await run(box, dial('203.0.113.2')), /unreachable/);
    });

    test('a network of the operator lets through what it names, for its boxes alone', async (t: TestContext) => {
      const refused = /Permission denied|No route to host|prohibited|refused|unreachable/;
      const { port } = onHost.address() as AddressInfo;
      const tcp = { protocol: 'tcp', ports: [8080, 8080] } as const;
      const allow = [
        { to: '10.213.0.2/32', ...tcp },
        { to: 'host', protocol: 'tcp', ports: [port, port] },
      ] as const;
      await using inside = await open('joined', { allow, nameServers: ['10.213.0.53'] });
      t.assert.equal(await run(inside, dial('10.213.0.2')), 'hello 10.213.0.1');
      t.assert.equal(await run(inside, dial(hostAddress, port)), 'host');
      t.assert.equal(await run(inside, 'cat /etc/resolv.conf'), 'nameserver 10.213.0.53\n');
      for (const [place, where] of [
        ['10.213.0.2', 8081],
        ['10.213.0.1', 8080],
        ['203.0.113.2', 8080],
        ['169.254.169.254', 80],
        [hostAddress, port === 22 ? 23 : 22],
        ['203.0.113.1', port],
      ] as const)
        t.assert.match(await run(inside, dial(place, where)), refused, `${place}:${where}`);

      await using publicOnly = await open('public', { allow: [{ to: '203.0.113.0/24', ...tcp }], nameServers: [] });
      t.assert.equal(await run(publicOnly, dial('203.0.113.2')), 'hello 203.0.113.1');
      t.assert.match(await run(publicOnly, dial('10.213.0.2')), refused);
      t.assert.match(await run(publicOnly, dial(hostAddress, port)), refused);

      await using outside = await open('outside');
      t.assert.match(await run(outside, dial('10.213.0.2')), refused);
      t.assert.match(await run(outside, dial(hostAddress, port)), refused);
    });

    test('to open a wide range opens no reserved one in it', async (t: TestContext) => {
      await using box = await open('wide', { allow: [{ to: '8.0.0.0/6' }, { to: '169.254.77.2/32' }], nameServers: [] });
      t.assert.match(await run(box, dial('10.213.0.2')), /Permission denied/);
      t.assert.equal(await run(box, dial('169.254.77.2')), 'hello 169.254.77.1');
      await using everywhere = await open('everywhere', { allow: [{ to: '0.0.0.0/0' }], nameServers: [] });
      t.assert.match(await run(everywhere, dial('10.213.0.2') + dial('169.254.77.2')), /Permission denied[^]*Permission denied/);
    });

    test('interfaces go with their box, and the rules with the driver', async (t: TestContext) => {
      const ours = (): string[] =>
        readdirSync('/sys/class/net').filter((each) => each.startsWith(`mf${serverName(dataDir).slice(0, 6)}-`));
      // The kernel takes a dead namespace apart on its own time.
      const gone = async (): Promise<void> => {
        while (ours().length > 0) await systemClock.sleep(5);
      };
      await gone();
      const box = await open('passing');
      t.assert.equal(ours().length, 1);
      await box[Symbol.asyncDispose]();
      await gone();
      t.assert.notDeepEqual(rulesOf(dataDir), []);
      await driver[Symbol.asyncDispose]();
      t.assert.deepEqual(rulesOf(dataDir), []);
    });

    test('the rules of a server that was killed go too, though no other ever comes for its folder', async (t: TestContext) => {
      const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-egress-killed-'));
      t.after(() => rmSync(folder, { recursive: true }));
      const room = (file: string): string => JSON.stringify(path.join(import.meta.dirname, file));
      const script = `
        import { JailDriver } from ${room('../jail/driver.ts')};
        import { silentLogger, systemClock } from ${room('../../base/index.ts')};
        import { findFirewall } from ${room('egress.ts')};
        const driver = new JailDriver({
          dataDir: ${JSON.stringify(folder)}, clock: systemClock, log: silentLogger, cgroup: ${JSON.stringify(cgroupVersion())}, firewall: findFirewall('${kind}'),
        });
        const box = await driver.create({ id: 'orphan', mounts: [], limits: ${JSON.stringify(suiteLimits)}, network: 'egress' }, { signal: new AbortController().signal });
        await box.furnished();
        console.log('open');
        setInterval(() => {}, 1000);`;
      const server = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(server.stdout, 'data');
      t.assert.notDeepEqual(rulesOf(folder), []);
      server.kill('SIGKILL');
      await once(server, 'close');
      while (rulesOf(folder).length > 0) await systemClock.sleep(20);
    });
  });
}

suite('public addresses', () => {
  test('are told from private, reserved and IPv6 ones', (t: TestContext) => {
    for (const address of ['1.1.1.1', '8.8.8.8', '203.0.113.2', '172.32.0.1', '100.128.0.1'])
      t.assert.ok(isPublic(address), address);
    for (const address of [
      '10.1.2.3',
      '127.0.0.53',
      '169.254.169.254',
      '172.31.0.2',
      '100.64.0.1',
      '192.168.0.1',
      '224.0.0.1',
      '::1',
      '2001:db8::1',
      '168.63.129.16',
    ])
      t.assert.ok(!isPublic(address), address);
  });

  test('reserved ranges are opened by their name only, and some by nobody', (t: TestContext) => {
    t.assert.ok(contains('10.0.0.0/8', '10.255.0.0/16') && contains('0.0.0.0/0', '255.255.255.255/32'));
    t.assert.ok(!contains('10.255.0.0/16', '10.0.0.0/8') && !contains('128.0.0.0/1', '127.255.255.255/32'));
    t.assert.deepEqual(
      ['10.20.0.0/16', '10.0.0.0/8', '0.0.0.0/0', '8.0.0.0/6', '169.254.169.254/32', '1.1.1.1/32'].map((range) =>
        reservedBy(range),
      ),
      ['10.0.0.0/8', '10.0.0.0/8', undefined, undefined, '169.254.0.0/16', undefined],
    );
    for (const range of ['0.0.0.0/0', '10.0.0.0/8', '192.168.1.7/32', '169.254.169.254/32', '255.0.0.0/7'])
      t.assert.equal(rangeFault(range) === undefined, !range.startsWith('255'), range);
    for (const range of [
      '10.0.0.0',
      '10.0.0.0/33',
      '10.0.0.1/8',
      '::/0',
      'host',
      '127.0.0.1/32',
      '198.18.0.0/16',
      '224.0.0.0/4',
      '',
    ])
      t.assert.ok(rangeFault(range), range);
  });
});
