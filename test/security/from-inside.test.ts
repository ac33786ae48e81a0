import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { after, before, suite, test, type TestContext } from 'node:test';
import {
  CreateFunctionCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { CloudWatchLogsClient, DescribeLogStreamsCommand, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { SNSClient, CreateTopicCommand, PublishCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { zipOf } from '../../packages/server/src/control/code/zip.kit.ts';
import { jailObstacle } from '../../packages/server/src/sandbox/index.ts';
import { deploy, invoke, lambdaClient } from '../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';

const obstacle = jailObstacle();
const canary = 'canary-of-the-host-7f3a';
const secret = 'secret-of-the-neighbour-91c2';

/** Does what the event says, with what an attacker would bring along. */
const attacker = `
const fs = require('node:fs'), net = require('node:net'), http = require('node:http');
const wait = (ms) => new Promise((r) => setTimeout(r, ms));
/** What comes of a connection: an error's name, or 'connected'. */
const dial = (options, ms = 500) => new Promise((resolve) => {
  const s = net.connect(options, () => { resolve('connected'); s.destroy(); });
  s.on('error', (e) => resolve(e.code)); setTimeout(() => { resolve('silence'); s.destroy(); }, ms);
});
/** Bytes to the Runtime API; the first line of what comes. */
const talk = (bytes, ms = 400) => new Promise((resolve) => {
  const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
  const s = net.connect(Number(port), host); let text = '';
  s.on('error', () => {}).on('close', () => resolve(text.split('\\r\\n')[0] || 'closed'));
  s.on('data', (d) => { text += d; s.destroy(); }); s.write(bytes); setTimeout(() => s.destroy(), ms);
});
const read = (file) => { try { return fs.readFileSync(file, 'latin1'); } catch (e) { return e.code; } };
const everyProcess = (name) => fs.readdirSync('/proc').filter((p) => /^\\d+$/.test(p)).map((p) => read('/proc/' + p + '/' + name)).join('\\n');
/** The descriptor of our bootstrap's channel. */
const channels = () => fs.readdirSync('/proc/self/fd').filter((fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd).startsWith('socket:'); } catch { return false; } }).map(Number);
exports.handler = async (event, context) => {
  if (event.code === undefined) return 'fine';
  return await (new (Object.getPrototypeOf(async () => {}).constructor)('fs', 'net', 'http', 'wait', 'dial', 'talk', 'read', 'everyProcess', 'channels', 'context', 'event', 'require', event.code))(fs, net, http, wait, dial, talk, read, everyProcess, channels, context, event, require);
};`;

suite(
  'a hostile function in its jail',
  { timeout: 170_000, skip: obstacle === undefined ? false : `no jail here: ${JSON.stringify(obstacle)}` },
  () => {
    const folder = temporaryFolder();
    let server: RunningServer;
    let client: LambdaClient;
    const port = (): number => Number(new URL(server.origin).port);
    const run = async (code: string, event: object = {}, name = 'attacker'): Promise<unknown> => {
      const { answer } = await invoke(client, name, { code, ...event });
      if (/^(ReferenceError|SyntaxError|TypeError)$/.test((answer as { errorType?: string } | null)?.errorType ?? ''))
        throw new Error(`The attack is not well written: ${JSON.stringify(answer)}`);
      return answer;
    };
    /** The neighbour answers, soon. */
    const neighbourly = async (t: TestContext, what: string): Promise<void> => {
      const since = performance.now();
      t.assert.strictEqual((await invoke(client, 'neighbour')).answer, 'fine', `the neighbour after ${what}`);
      t.assert.ok(performance.now() - since < 10_000, `the neighbour waited long after ${what}`);
    };
    const residentMiB = (): number =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024;

    before(async () => {
      process.env['MAYFLY_TEST_CANARY'] = canary;
      server = await RunningServer.start(folder.path, [
        '--pool-size',
        '0',
        '--isolation',
        'jail',
        '--drain-ms',
        '500',
        '--log-level',
        'debug',
      ]);
      delete process.env['MAYFLY_TEST_CANARY'];
      client = lambdaClient(server.origin);
      await deploy(client, 'attacker', { 'index.js': attacker }, { Timeout: 8, MemorySize: 256 });
      await deploy(client, 'framer', { 'index.js': attacker }, { Timeout: 2 });
      await deploy(client, 'neighbour', { 'index.js': attacker }, { Timeout: 8, Environment: { Variables: { SECRET: secret } } });
      await invoke(client, 'neighbour', {});
    });
    after(async () => {
      client.destroy();
      await server[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    });

    test('E62, E69: reaches neither the host’s ports nor a neighbour’s Runtime API', async (t: TestContext) => {
      const addresses = Object.values(networkInterfaces())
        .flatMap((each) => each ?? [])
        .map(({ address, family, scopeid }) => (family === 'IPv6' && scopeid ? `${address}%${scopeid}` : address));
      const heard = (await run(
        `const out = {}; for (const host of event.hosts) for (const port of [event.port, 22, 9001]) if (!(host === '127.0.0.1' && port === 9001)) out[host + ' ' + port] = await dial({ host, port }); return out`,
        { hosts: [...new Set([...addresses, '0.0.0.0', '169.254.169.254', '198.18.0.1'])].slice(0, 8), port: port() },
      )) as Record<string, string>;
      // Its own Runtime API listens on every address of its own network, which is nothing but a loopback.
      for (const [where, what] of Object.entries(heard))
        if (!/^(0\.0\.0\.0|::1) 9001/.test(where)) t.assert.notStrictEqual(what, 'connected', where);
    });

    test('E35, E42, E45, E73: sees no process, file, mount, cgroup or variable of the host or of a neighbour', async (t: TestContext) => {
      const seen = (await run(
        `return {
      data: fs.existsSync(event.data), cgroup: fs.existsSync('/sys/fs/cgroup') && fs.readdirSync('/sys/fs/cgroup'),
      environ: everyProcess('environ') + JSON.stringify(process.env), cmdline: everyProcess('cmdline'), mounts: read('/proc/self/mountinfo') + read('/proc/self/cgroup'),
      roots: ['/proc/1/root/etc/shadow', '/proc/1/cwd/etc/shadow', '/etc/shadow', '/root', '/proc/kcore', '/proc/sysrq-trigger', '/dev/mem', '/run/mayfly'].map((p) => p + ' ' + (read(p).length > 20 ? 'READ' : 'no')),
      arp: read('/proc/net/arp'), unix: read('/proc/net/unix').split('\\n').filter((l) => l.includes('@')).length, count: fs.readdirSync('/proc').filter((p) => /^\\d+$/.test(p)).length }`,
        { data: folder.path },
      )) as Record<string, string | number | boolean>;
      t.assert.strictEqual(seen['data'], false);
      t.assert.strictEqual(seen['cgroup'], false);
      for (const what of [canary, secret]) t.assert.ok(!JSON.stringify(seen).includes(what), what);
      for (const where of ['cmdline', 'environ'])
        t.assert.ok(!String(seen[where]).includes(folder.path), `${where} names the data folder`);
      t.assert.doesNotMatch(JSON.stringify(seen['roots']), /READ/);
      t.assert.strictEqual(seen['unix'], 0);
      t.assert.ok(Number(seen['count']) < 8);
    });

    test('E6, E49: a set-user-id file of a zip is an ordinary file, and a crash leaves no core', async (t: TestContext) => {
      const code = `exports.handler = async () => { const fs = require('fs'), { spawnSync } = require('child_process');
      const mode = fs.statSync('/var/task/su').mode & 0o7000; const id = spawnSync('/var/task/su', ['-u']).stdout?.toString().trim();
      const crash = spawnSync('/bin/sh', ['-c', 'ulimit -c unlimited; kill -SEGV $$']);
      return { mode, same: id === undefined || id === '' || id === String(process.getuid()), uid: process.getuid(), cores: fs.readdirSync('/tmp').filter((f) => /core/.test(f)), signal: crash.signal ?? crash.status }; }`;
      const archive = zipOf([
        { name: 'index.js', content: code, host: 3, unixMode: 0o100644 },
        { name: 'su', content: readFileSync('/usr/bin/id'), deflate: true, host: 3, unixMode: 0o104755 },
      ]);
      await deploy(client, 'setuid', {}, { Code: { ZipFile: archive } });
      const answer = (await invoke(client, 'setuid')).answer as { same: boolean; uid: number; cores: string[] };
      t.assert.strictEqual(answer.same, true);
      t.assert.notStrictEqual(answer.uid, 0);
      t.assert.deepStrictEqual(answer.cores, []);
    });

    test('A32, A33, A34, A35: an archive that reaches out, lies or swells is refused by name', async (t: TestContext) => {
      const wicked: Record<string, Uint8Array> = {
        'a path upwards': zipOf([{ name: '../../etc/cron.d/x', content: 'x' }]),
        'an absolute path': zipOf([{ name: '/etc/x', content: 'x' }]),
        'a path with backslashes': zipOf([{ name: '..\\..\\x', content: 'x' }]),
        'a name with a zero': zipOf([{ name: 'a\0b', content: 'x' }]),
        'a path upwards behind a folder': zipOf([{ name: 'a/b/../../../x', content: 'x' }]),
        'a link outwards': zipOf([{ name: 'l', content: '/etc', host: 3, unixMode: 0o120777 }]),
        'a link upwards': zipOf([{ name: 'a/l', content: '../../..', host: 3, unixMode: 0o120777 }]),
        'a file through a link': zipOf([
          { name: 'l', content: '/tmp', host: 3, unixMode: 0o120777 },
          { name: 'l/x', content: 'x' },
        ]),
        'a device': zipOf([{ name: 'd', host: 3, unixMode: 0o020666 }]),
        'a pipe': zipOf([{ name: 'd', host: 3, unixMode: 0o010666 }]),
        'overlapping entries': zipOf([
          { name: 'a', content: Buffer.alloc(100_000), deflate: true },
          ...Array.from({ length: 200 }, (_, index) => ({
            name: `b${index}`,
            content: Buffer.alloc(100_000),
            deflate: true,
            sharesBytesOf: 0,
          })),
        ]),
        'a false size': zipOf([{ name: 'a', content: Buffer.alloc(50_000_000), deflate: true, uncompressedSize: 10 }]),
        'a false checksum': zipOf([{ name: 'a', content: 'x', crc: 1 }]),
        'too much of it': zipOf([{ name: 'a', content: Buffer.alloc(270_000_000), deflate: true }]),
        'half of one': zipOf([{ name: 'a', content: 'x' }]).subarray(0, 40),
        noise: Buffer.from('PK\x03\x04' + 'x'.repeat(200)),
      };
      for (const [name, ZipFile] of Object.entries(wicked)) {
        const made = client.send(
          new CreateFunctionCommand({
            FunctionName: 'wicked',
            Role: 'arn:aws:iam::000000000000:role/test',
            Runtime: 'nodejs24.x',
            Handler: 'i.h',
            Code: { ZipFile },
          }),
        );
        const failure = await made.then(
          () => undefined,
          (error: { readonly $metadata?: { readonly httpStatusCode?: number } }) => error.$metadata?.httpStatusCode,
        );
        t.assert.ok(failure !== undefined && failure >= 400 && failure < 500, `${name}: ${failure}`);
      }
    });

    test('E70: what it says to the Runtime API out of turn, too large, too slow, too often or as noise is refused, and costs no memory', async (t: TestContext) => {
      const before_ = residentMiB();
      const heard = (await run(`
      const post = (path, body, more = '') => 'POST /2018-06-01/runtime/' + path + ' HTTP/1.1\\r\\nHost: x\\r\\n' + more + 'Content-Length: ' + body.length + '\\r\\n\\r\\n' + body;
      const out = {
        wrongId: await talk(post('invocation/00000000-0000-0000-0000-000000000000/response', '{}')),
        proto: await talk(post('invocation/__proto__/response', '{}')), climbing: await talk('GET /2018-06-01/runtime/../../_mayfly/metrics HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'),
        lateInit: await talk(post('init/error', '{}')), hugeHeader: await talk('GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nX: ' + 'h'.repeat(3e6)),
        both: await talk('POST /x HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 4\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n'),
        http2: await talk('PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n'), extension: await talk('POST /2020-01-01/extension/register HTTP/1.1\\r\\nHost: x\\r\\nLambda-Extension-Name: late\\r\\nContent-Length: 2\\r\\n\\r\\n{}'),
      };
      const chunked = 'POST /2018-06-01/runtime/invocation/x/response HTTP/1.1\\r\\nHost: x\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n';
      await Promise.all([...Array(20)].map(() => talk(chunked + ('1\\r\\n \\r\\n').repeat(100000), 1500)));
      await Promise.all([...Array(400)].map(() => talk('GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n', 1000)));
      for (let n = 0; n < 200; n += 1) await talk(require('node:crypto').randomBytes(300), 5);
      return out`)) as Record<string, string>;
      for (const [what, line] of Object.entries(heard)) t.assert.match(line, /^closed$|^HTTP\/1\.1 4\d\d /, what);
      t.assert.ok(residentMiB() - before_ < 300, `${before_.toFixed()} MiB grew to ${residentMiB().toFixed()}`);
      await neighbourly(t, 'noise at the Runtime API');
      await run('return 1').catch(() => {});
      t.assert.strictEqual((await invoke(client, 'attacker')).error, undefined, 'and it can be called again itself');
    });

    test('frames that are none, too long, for nobody, out of turn, or without end concern its own box alone', async (t: TestContext) => {
      const frames: Record<string, string> = {
        noise: `require('node:crypto').randomBytes(5000)`,
        'a length of four gigabytes': `Buffer.from([255,255,255,255,65,0,0,0,0])`,
        'a header longer than its frame': `Buffer.from([0,0,0,9,65,0,0,1,0,0,0,0,0])`,
        'a header of four gigabytes': `Buffer.from([255,255,255,255,65,255,255,255,0])`,
        'a header that is a list': `Buffer.concat([Buffer.from([0,0,0,7,65,0,0,0,2]), Buffer.from('[]')])`,
        'an answer for nobody': `frame('A', { requestId: 'x' }, '1')`,
        'an answer for the prototype': `frame('A', { requestId: '__proto__' }, '1')`,
        'a stream for nobody': `Buffer.concat([frame('S', { requestId: 'x' }), frame('D', { requestId: 'x' }, 'p'), frame('Z', { requestId: 'x' })])`,
        'a failed start, late': `frame('F', { errorType: 'Late' }, '{}')`,
        'numbers for texts': `frame('X', { requestId: 7, errorType: { a: [] } }, '1')`,
        'two answers': `Buffer.concat([frame('A', { requestId: context.awsRequestId }, '"first"'), frame('A', { requestId: context.awsRequestId }, '"second"')])`,
        'a hello again': `frame('H', { pid: -1 })`,
        'a million readies': `Buffer.from('000000055200000000'.repeat(200000), 'hex')`,
        'a flood of lines': `Buffer.concat(Array(50000).fill(frame('L', { atMs: 1e999 }, 'x')))`,
      };
      const helpers = `const frame = (type, header, body = '') => { const h = Buffer.from(JSON.stringify(header)); const b = Buffer.from(body); const s = Buffer.alloc(9); s.writeUInt32BE(5 + h.length + b.length); s.write(type, 4); s.writeUInt32BE(h.length, 5); return Buffer.concat([s, h, b]); };
      const put = async (fd, bytes) => { for (let at = 0; at < bytes.length;) { try { at += fs.writeSync(fd, bytes, at); } catch (e) { if (e.code !== 'EAGAIN') return e.code; await wait(1); } } };`;
      const before_ = residentMiB();
      for (const [what, bytes] of Object.entries(frames)) {
        const since = performance.now();
        await run(`${helpers} for (const fd of channels()) await put(fd, ${bytes}); return 'said'`, {}, 'framer');
        t.diagnostic(`${what}: ${(performance.now() - since).toFixed()} ms`);
        t.assert.ok(performance.now() - since < 20_000, what);
        t.assert.strictEqual((await fetch(`${server.origin}/_mayfly/health`)).status, 200, what);
        // What was said may have ended its crew, or its next one; then there is another.
        await invoke(client, 'framer');
        t.assert.strictEqual((await invoke(client, 'framer')).answer, 'fine', what);
      }
      await neighbourly(t, 'odd frames');
      t.assert.ok(residentMiB() - before_ < 300, `${before_.toFixed()} MiB grew to ${residentMiB().toFixed()}`);
    });

    test('E56: a flood of lines does not keep the server from others', async (t: TestContext) => {
      const before_ = residentMiB();
      const flooding = run(
        `const lines = Buffer.from('x\\n'.repeat(16384)); const until = Date.now() + 3000; while (Date.now() < until) { try { fs.writeSync(1, lines); } catch (e) { if (e.code !== 'EAGAIN') throw e; } } return 'flooded'`,
      );
      const waits: number[] = [];
      const over = new AbortController();
      void flooding.then(
        () => over.abort(),
        () => over.abort(),
      );
      while (!over.signal.aborted) {
        const since = performance.now();
        await (await fetch(`${server.origin}/_mayfly/health`, { signal: AbortSignal.timeout(10_000) })).text();
        waits.push(performance.now() - since);
      }
      t.assert.strictEqual(await flooding, 'flooded');
      const sorted = waits.toSorted((a, b) => a - b);
      t.diagnostic(
        `waited ${sorted[Math.floor(sorted.length / 2)]?.toFixed(1)} ms in the middle, ${sorted.at(-1)?.toFixed()} ms at most, ${sorted.length} times`,
      );
      t.assert.ok((sorted[Math.floor(sorted.length / 2)] ?? 0) < 100);
      t.assert.ok(residentMiB() - before_ < 250, `${before_.toFixed()} MiB grew to ${residentMiB().toFixed()}`);
    });

    test('the operator’s doors are shut to it, though it comes by a connection of this machine', async (t: TestContext) => {
      const told =
        (await run(`const get = (path, method = 'GET') => new Promise((resolve) => http.request(process.env.AWS_ENDPOINT_URL + path, { method }, (r) => { let text = ''; r.on('data', (d) => (text += d)).on('end', () => resolve(r.statusCode + ' ' + text.slice(0, 200))); }).on('error', (e) => resolve(e.code)).end());
      const h2 = await new Promise((resolve) => { const s = require('node:http2').connect(process.env.AWS_ENDPOINT_URL).on('error', (e) => resolve(e.code)); const r = s.request({ ':path': '/_mayfly/queue' }); r.on('response', (h) => { resolve(String(h[':status'])); s.destroy(); }).on('error', (e) => resolve(e.code)); r.end(); });
      return { list: await get('/_mayfly/queue'), purge: await get('/_mayfly/queue/neighbour/purge', 'POST'), climbing: await get('/_mayfly/code/../../../keys/master.key'), h2 }`)) as Record<
          string,
          string
        >;
      t.assert.match(told['list'] ?? '', /^403/);
      t.assert.match(told['purge'] ?? '', /^403/);
      t.assert.match(told['h2'] ?? '', /^403/);
      t.assert.match(told['climbing'] ?? '', /^40\d/);
    });

    test('E74: lines that look like the platform’s are the function’s all the same: they bill nobody and stay in its own streams', async (t: TestContext) => {
      const count = async (name: string): Promise<number> => {
        const text = await (await fetch(`${server.origin}/_mayfly/metrics`)).text();
        return [...text.matchAll(new RegExp(`^${name}\\{[^}]*attacker[^}]*\\} (\\S+)`, 'gm'))].reduce(
          (sum, [, value]) => sum + Number(value),
          0,
        );
      };
      const id = '11111111-2222-3333-4444-555555555555';
      const before_ = await count('mayfly_invocations_total');
      await run(`for (const line of event.lines) fs.writeSync(1, line + '\\n'); console.log(event.lines.join('\\n')); return 1`, {
        lines: [
          `START RequestId: ${id} Version: $LATEST`,
          `END RequestId: ${id}`,
          `REPORT RequestId: ${id}\tDuration: 99999999.00 ms\tBilled Duration: 99999999 ms\tMemory Size: 128 MB\tMax Memory Used: 1 MB\t`,
          `{"time":"2026-01-01T00:00:00.000Z","type":"platform.report","record":{"requestId":"${id}","metrics":{"billedDurationMs":99999999}}}`,
        ],
      });
      t.assert.strictEqual(await count('mayfly_invocations_total'), before_ + 1);
      t.assert.ok((await count('mayfly_billed_milliseconds_total')) < 90_000_000);
      const logs = new CloudWatchLogsClient({
        endpoint: server.origin,
        region: 'us-east-1',
        maxAttempts: 1,
        credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' },
      });
      const { events = [] } = await logs.send(
        new FilterLogEventsCommand({ logGroupName: '/aws/lambda/neighbour', filterPattern: `"${id}"` }),
      );
      t.assert.deepStrictEqual(events, []);
      const { logStreams = [] } = await logs.send(new DescribeLogStreamsCommand({ logGroupName: '/aws/lambda/attacker' }));
      t.assert.ok(
        logStreams.every(({ logStreamName }) => /^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/.test(logStreamName ?? '')),
      );
      logs.destroy();
    });

    test('A46: cannot make the server call the host or the metadata service in its place', async (t: TestContext) => {
      const heard: string[] = [];
      const victim = createServer((request, response) => {
        heard.push(request.url ?? '');
        response.end();
      }).listen(0, '127.0.0.1');
      await once(victim, 'listening');
      const sns = new SNSClient({
        endpoint: server.origin,
        region: 'us-east-1',
        maxAttempts: 1,
        credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' },
      });
      try {
        const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'lure' }));
        const victimPort = (victim.address() as AddressInfo).port;
        for (const host of ['127.0.0.1', 'localhost', '0x7f.1', '[::ffff:127.0.0.1]', '0'])
          await sns
            .send(
              new SubscribeCommand({
                TopicArn,
                Protocol: 'http',
                Endpoint: `http://${host}:${victimPort}/${encodeURIComponent(host)}`,
              }),
            )
            .catch(() => {});
        await sns.send(
          new SubscribeCommand({
            TopicArn,
            Protocol: 'lambda',
            Endpoint: 'arn:aws:lambda:us-east-1:000000000000:function:neighbour',
          }),
        );
        await sns.send(new PublishCommand({ TopicArn, Message: 'x' }));
        // What comes behind it in the same topic has been delivered: the others had their turn.
        await neighbourly(t, 'deliveries');
        t.assert.deepStrictEqual(heard, []);
      } finally {
        sns.destroy();
        victim.close();
      }
    });

    test('secrets lie sealed on the disk and are in no line of the server’s log', async (t: TestContext) => {
      const { readdirSync, statSync } = await import('node:fs');
      const path = await import('node:path');
      const found: string[] = [];
      const walk = (dir: string): void => {
        for (const entry of readdirSync(dir, { withFileTypes: true })) {
          const file = path.join(dir, entry.name);
          if (entry.isDirectory()) walk(file);
          else if (entry.isFile() && readFileSync(file).includes(secret)) found.push(file);
        }
      };
      for (const dir of ['records', 'keys', 'code', 's3']) {
        walk(path.join(folder.path, dir));
        t.assert.strictEqual(statSync(path.join(folder.path, dir)).mode & 0o077, 0, `${dir} is nobody else's`);
      }
      t.assert.deepStrictEqual(found, []);
      t.assert.strictEqual(server.said.includes(secret), false, 'not in the log, at its most talkative');
      t.assert.doesNotMatch(server.said, /AWS_SESSION_TOKEN|X-Amz-Signature=|\/_mayfly\/code\/[\w-]{20}/);
    });

    test('a function that ignores every signal does not keep the server from stopping', async (t: TestContext) => {
      await client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'attacker', Timeout: 900 }));
      await waitUntilFunctionUpdatedV2({ client, maxWaitTime: 30, minDelay: 0.05, maxDelay: 0.2 }, { FunctionName: 'attacker' });
      const endless = run(
        `for (const s of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(s, () => {}); require('node:child_process').spawn('/bin/sh', ['-c', 'trap "" TERM INT HUP; while :; do sleep 1; done'], { detached: true }); fs.writeSync(1, 'stubborn\\n'); for (;;);`,
      );
      endless.catch(() => {});
      // Its line is in the log once it runs; the deadline of the test is that of this wait.
      const logs = new CloudWatchLogsClient({
        endpoint: server.origin,
        region: 'us-east-1',
        maxAttempts: 1,
        credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' },
      });
      const begun = async (): Promise<boolean> =>
        (
          (await logs.send(new FilterLogEventsCommand({ logGroupName: '/aws/lambda/attacker', filterPattern: 'stubborn' })))
            .events ?? []
        ).some(({ message }) => message === 'stubborn');
      for (let tries = 0; !(await begun()); tries += 1) {
        t.assert.ok(tries < 200, 'it never ran');
        await new Promise((turn) => setTimeout(turn, 50));
      }
      logs.destroy();
      const since = performance.now();
      t.assert.strictEqual(await server.stop('SIGTERM'), 0);
      t.assert.ok(performance.now() - since < 15_000, `stopped after ${(performance.now() - since).toFixed()} ms`);
    });
  },
);
