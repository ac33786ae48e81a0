import { once } from 'node:events';
import { connect } from 'node:net';
import { suite, test, type TestContext } from 'node:test';
import { openScriptedGuesthouse } from '../../../../../test/kit/environments.ts';
import { InsideClient, type InsideAnswer, type RuntimeScript } from '../../../../../test/kit/scripted-runtimes.ts';
import type { ScriptedProcess } from '../../../../../test/kit/scripted-sandboxes.ts';
import type { RequestId } from '../../base/index.ts';
import { settle } from '../../../../../test/kit/virtual-clock.ts';

const api = '/2018-06-01';
const bodyOf = (outcome: { readonly body: unknown }): string => Buffer.from(outcome.body as Uint8Array).toString();

/** A runtime that is asked, for each event, to make these calls before it answers with what it was told. */
const calling = (
  calls: (client: InsideClient, requestId: string, process: ScriptedProcess) => Promise<readonly InsideAnswer[]>,
): RuntimeScript => ({
  handler: async (event, reply) => {
    const told = await calls(new InsideClient(reply.process), event.requestId, reply.process);
    await reply.answer(JSON.stringify(told.map(({ status, body }) => [status, body])));
  },
});

suite('the Runtime API over HTTP', { timeout: 60_000 }, () => {
  const ask = async (script: RuntimeScript): Promise<[number, string][]> => {
    await using house = openScriptedGuesthouse('http', script);
    const environment = house.environment();
    await environment.initialised;
    const { outcome } = await house.invoke(environment);
    return JSON.parse(bodyOf(outcome)) as [number, string][];
  };

  test('refuses in its own words what is not there, not allowed or not known', async (t: TestContext) => {
    const told = await ask(
      calling(async (client, requestId) => [
        await client.call('GET', `${api}/ping`),
        await client.call('POST', `${api}/runtime/invocation/other/response`, '1'),
        await client.call('POST', `${api}/runtime/invocation/other/error`, '{}'),
        await client.call('POST', `${api}/runtime/init/error`, '{}'),
        await client.call('GET', `${api}/runtime/restore/next`),
        await client.call('GET', `${api}/runtime/nothing`),
        await client.call('DELETE', `${api}/runtime/invocation/next`),
        await client.call('GET', `${api}/runtime/invocation/${requestId}/response`),
      ]),
    );
    t.assert.deepEqual(told, [
      [200, 'pong'],
      [400, '{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}'],
      [400, '{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}'],
      [403, '{"errorMessage":"Transition from Running to InitError is not allowed","errorType":"InvalidStateTransition"}'],
      [404, '{"errorMessage":"SnapStart is not enabled for this function.","errorType":"SnapStartNotEnabled"}'],
      [404, '{"errorMessage":"Not found","errorType":"NotFound"}'],
      [405, '{"errorMessage":"Method not allowed","errorType":"MethodNotAllowed"}'],
      [405, '{"errorMessage":"Method not allowed","errorType":"MethodNotAllowed"}'],
    ]);
  });

  test('takes one answer, and tells the runtime when it was too long or its mode unknown', async (t: TestContext) => {
    const told: InsideAnswer[] = [];
    await using house = openScriptedGuesthouse(
      'http',
      {
        handler: async (event, reply) => {
          const client = new InsideClient(reply.process);
          const path = `${api}/runtime/invocation/${event.requestId}/response`;
          const mode = event.payload === '"mode"' ? { 'Lambda-Runtime-Function-Response-Mode': 'sideways' } : undefined;
          told.push(await client.call('POST', path, event.payload === '"long"' ? 'x'.repeat(2000) : '"fine"', mode));
          told.push(await client.call('POST', path, '"twice"'));
        },
      },
      { limits: { syncResponseBytes: 1000 } },
    );
    const environment = house.environment();
    await environment.initialised;
    const answers: string[] = [];
    for (const payload of ['"short"', '"long"', '"mode"'])
      answers.push(bodyOf((await house.invoke(environment, payload)).outcome));
    t.assert.deepEqual(
      told.map(({ status, body }) => [status, body]),
      [
        [202, '{"status":"OK"}\n'],
        [403, '{"errorMessage":"Transition from Responding to Responding is not allowed","errorType":"InvalidStateTransition"}'],
        [413, '{"errorMessage":"Exceeded maximum allowed payload size (1000 bytes).","errorType":"RequestEntityTooLarge"}'],
        [403, '{"errorMessage":"Transition from Responding to Responding is not allowed","errorType":"InvalidStateTransition"}'],
        [400, '{"errorMessage":"Invalid function response mode: sideways","errorType":"InvalidFunctionResponseMode"}'],
        [403, '{"errorMessage":"Transition from Responding to Responding is not allowed","errorType":"InvalidStateTransition"}'],
      ],
    );
    t.assert.equal(answers[0], '"fine"');
    t.assert.match(answers[1] ?? '', /Function.ResponseSizeTooLarge/);
    t.assert.match(answers[2] ?? '', /Runtime.InvalidResponseModeHeader/);
  });

  test('an answer that names another delivery of the event is refused; one that names none is taken', async (t: TestContext) => {
    const told: number[] = [];
    await using house = openScriptedGuesthouse('http', {
      handler: async (event, reply) => {
        const client = new InsideClient(reply.process);
        const path = `${api}/runtime/invocation/${event.requestId}/response`;
        const id = String(event.headers['lambda-runtime-invocation-id']);
        const answer = async (told: string) =>
          (await client.call('POST', path, '"fine"', { 'Lambda-Runtime-Invocation-Id': told })).status;
        told.push(await answer('other'), await answer(id));
      },
    });
    const environment = house.environment();
    await environment.initialised;
    await house.invoke(environment, '{}', { requestId: 'same' as RequestId });
    await house.invoke(environment, '{}', { requestId: 'same' as RequestId });
    t.assert.deepEqual(told, [400, 202, 400, 202]);
  });

  test('one connection may write its calls in any pieces, in chunks with and without trailers, and be refused in between', async (t: TestContext) => {
    const statuses: string[] = [];
    await using house = openScriptedGuesthouse(
      'http',
      { handler: async () => {} },
      { programs: { '/var/runtime/bootstrap': (process) => oneSocket(process, statuses) } },
    );
    const environment = house.environment();
    await environment.initialised;
    const answers: string[] = [];
    for (const payload of ['1', '2', '3', '4', '5', '6'])
      answers.push(bodyOf((await house.invoke(environment, payload)).outcome));
    t.assert.deepEqual(answers, [
      '"byte by byte 1"',
      '"in one piece 2"',
      '"in chunks 3"',
      '"in chunks byte by byte 4"',
      '"in chunks with a trailer 5"',
      '"in chunks with extensions 6"',
    ]);
    await settle(20);
    t.assert.deepEqual(statuses, ['200', '400', '202', ...Array.from({ length: 5 }, () => ['200', '202']).flat()]);
  });

  test('several calls of next may wait; each event goes to one of them', async (t: TestContext) => {
    await using house = openScriptedGuesthouse(
      'http',
      { handler: async () => {} },
      { programs: { '/var/runtime/bootstrap': twoWorkers } },
    );
    const environment = house.environment();
    await environment.initialised;
    await settle(20);
    const answers: string[] = [];
    for (let count = 0; count < 4; count += 1) answers.push(bodyOf((await house.invoke(environment)).outcome));
    t.assert.deepEqual([...new Set(answers)].sort(), ['"one"', '"two"']);
  });

  test('an event is not lost with the connection that waited for it', async (t: TestContext) => {
    await using house = openScriptedGuesthouse(
      'http',
      { handler: async () => {} },
      { programs: { '/var/runtime/bootstrap': restless } },
    );
    const environment = house.environment();
    await environment.initialised;
    await settle(40);
    const { outcome } = await house.invoke(environment);
    t.assert.equal(bodyOf(outcome), '"second try"');
  });

  test('a body that stops in the middle is no answer', async (t: TestContext) => {
    await using house = openScriptedGuesthouse('http', {
      handler: async (event, reply) => {
        const [host = '', port = ''] = reply.process.box.runtimeApiAddress.split(':');
        const socket = connect(Number(port), host);
        socket.on('error', () => {});
        const path = `${api}/runtime/invocation/${event.requestId}/response`;
        await new Promise<void>(
          (resolve) => void socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"ha`, () => resolve()),
        );
        socket.destroy();
        await settle(20);
        await reply.answer('"whole"');
      },
    });
    const environment = house.environment();
    await environment.initialised;
    t.assert.equal(bodyOf((await house.invoke(environment)).outcome), '"whole"');
  });
});

/** Speaks HTTP by hand: each call of an invocation in another way. */
async function oneSocket(process: ScriptedProcess, statuses: string[]): Promise<void> {
  const [host = '', port = ''] = process.box.runtimeApiAddress.split(':');
  const socket = connect(Number(port), host)
    .setNoDelay(true)
    .on('error', () => {});
  let heard = '';
  const answer = async (): Promise<{ readonly head: string; readonly body: string }> => {
    for (;;) {
      const end = heard.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(heard.slice(0, end))?.[1] ?? 0);
      if (end >= 0 && heard.length >= end + 4 + length) {
        const whole = { head: heard.slice(0, end), body: heard.slice(end + 4, end + 4 + length) };
        heard = heard.slice(end + 4 + length);
        statuses.push(whole.head.slice(9, 12));
        return whole;
      }
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      heard += chunk.toString('latin1');
    }
  };
  const say = async (pieces: Iterable<string>): Promise<void> => {
    for (const piece of pieces) {
      socket.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const next = async (): Promise<{ readonly id: string; readonly payload: string }> => {
    await say(`GET ${api}/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n`);
    const { head, body } = await answer();
    return { id: /request-id: (\S+)/i.exec(head)?.[1] ?? '', payload: body };
  };
  const post = (id: string, body: string): string =>
    `POST ${api}/runtime/invocation/${id}/response HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const first = await next();
  await say([post('00000000-0000-4000-8000-000000000000', '"nobody"')]);
  await answer();
  await say(post(first.id, `"byte by byte ${first.payload}"`));
  await answer();
  const second = await next();
  await say([post(second.id, `"in one piece ${second.payload}"`)]);
  await answer();
  /** As AWS's library for Go does: its trailers are announced whether they come or not. */
  const chunked = (id: string, text: string, { extension = '', trailer = '' } = {}): string =>
    `POST ${api}/runtime/invocation/${id}/response HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n` +
    'Trailer: Lambda-Runtime-Function-Error-Type,Lambda-Runtime-Function-Error-Body\r\n\r\n' +
    `5${extension}\r\n${text.slice(0, 5)}\r\n${(text.length - 5).toString(16)}\r\n${text.slice(5)}\r\n0\r\n${trailer}\r\n`;
  const third = await next();
  await say([chunked(third.id, `"in chunks ${third.payload}"`)]);
  await answer();
  const fourth = await next();
  await say(chunked(fourth.id, `"in chunks byte by byte ${fourth.payload}"`));
  await answer();
  // From here on the general server has the connection.
  const fifth = await next();
  await say([chunked(fifth.id, `"in chunks with a trailer ${fifth.payload}"`, { trailer: 'X-Of: no account\r\n' })]);
  await answer();
  const sixth = await next();
  await say([chunked(sixth.id, `"in chunks with extensions ${sixth.payload}"`, { extension: ';a=b' })]);
  await answer();
  await next();
}

async function twoWorkers(process: ScriptedProcess): Promise<void> {
  const worker = async (name: string): Promise<void> => {
    const client = new InsideClient(process);
    for (;;) {
      const { headers } = await client.call('GET', `${api}/runtime/invocation/next`);
      const id = String(headers['lambda-runtime-aws-request-id']);
      await client.call('POST', `${api}/runtime/invocation/${id}/response`, JSON.stringify(name));
    }
  };
  await Promise.all([worker('one'), worker('two')]);
}

/** Asks for an event, hangs up, and asks again. */
async function restless(process: ScriptedProcess): Promise<void> {
  const [host = '', port = ''] = process.box.runtimeApiAddress.split(':');
  const socket = connect(Number(port), host);
  await new Promise<void>(
    (resolve) => void socket.write(`GET ${api}/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n`, () => resolve()),
  );
  await settle(10);
  socket.destroy();
  await settle(10);
  const client = new InsideClient(process);
  const { headers } = await client.call('GET', `${api}/runtime/invocation/next`);
  const id = String(headers['lambda-runtime-aws-request-id']);
  await client.call('POST', `${api}/runtime/invocation/${id}/response`, '"second try"');
  await client.call('GET', `${api}/runtime/invocation/next`);
}
