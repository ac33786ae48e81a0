import { suite, test } from 'node:test';
import type { InvokeWithResponseStreamResponseEvent } from '@aws-sdk/client-lambda';
import type { Call } from '@mayfly/wire';
import { openHall, type Hall } from '../../../../test/kit/hall.ts';
import { returned, threw } from '../../../../test/kit/scripted-environments.ts';
import { settle } from '../../../../test/kit/virtual-clock.ts';
import type { Outcome } from '../environment/index.ts';

const call = (headers: Call['headers'] = {}): Call => ({
  requestId: '11111111-2222-3333-4444-555555555555',
  service: 'lambda',
  operation: 'Invoke',
  account: '000000000000',
  region: 'us-east-1',
  caller: { kind: 'anonymous' },
  signal: new AbortController().signal,
  origin: 'http://127.0.0.1:4566',
  headers,
});
const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
const invoke = (hall: Hall, input: object = {}) => hall.invoke.handlers.Invoke({ FunctionName: 'f', ...input }, call());

suite('Invoke', () => {
  test('answers with the bytes of the handler and the version that ran', async (t) => {
    await using hall = await openHall({ handler: ({ payload }) => returned(`got ${text(payload)}`) });
    hall.catalog.put('f');
    t.assert.deepEqual(await invoke(hall, { Payload: Buffer.from('{ "a" :1}') }), {
      StatusCode: 200,
      ExecutedVersion: '$LATEST',
      Payload: Buffer.from('got { "a" :1}'),
      FunctionError: undefined,
      LogResult: undefined,
    });
  });

  test('an absent event reaches the handler as an empty object', async (t) => {
    await using hall = await openHall({ handler: ({ payload }) => returned(text(payload)) });
    hall.catalog.put('f');
    t.assert.equal(text((await invoke(hall)).Payload), '{}');
  });

  test('a handler that throws is an answer, marked Unhandled', async (t) => {
    await using hall = await openHall({ handler: () => threw('TypeError') });
    hall.catalog.put('f');
    const answer = await invoke(hall);
    t.assert.equal(answer.StatusCode, 200);
    t.assert.equal(answer.FunctionError, 'Unhandled');
    t.assert.match(text(answer.Payload), /TypeError/);
  });

  test('DryRun checks everything and runs nothing', async (t) => {
    await using hall = await openHall();
    hall.catalog.put('f');
    t.assert.equal((await invoke(hall, { InvocationType: 'DryRun' })).StatusCode, 204);
    t.assert.equal(hall.environments.made.length, 0);
    await t.assert.rejects(invoke(hall, { FunctionName: 'nobody', InvocationType: 'DryRun' }), {
      name: 'ResourceNotFoundException',
    });
  });

  test('existence is checked before size, and size before syntax', async (t) => {
    await using hall = await openHall({ limits: { syncRequestBytes: 8 } });
    hall.catalog.put('f');
    const large = Buffer.from('[1,2,3,4,');
    await t.assert.rejects(invoke(hall, { FunctionName: 'nobody', Payload: large }), { name: 'ResourceNotFoundException' });
    await t.assert.rejects(invoke(hall, { Payload: large }), {
      name: 'RequestEntityTooLargeException',
      status: 413,
      message: '9 byte payload is too large for the RequestResponse invocation type (limit 8 bytes)',
    });
    await t.assert.rejects(invoke(hall, { Payload: Buffer.from('nope') }), {
      name: 'InvalidRequestContentException',
      message: /^Could not parse request body into json: Could not parse payload into json: Unrecognized token 'nope'/,
    });
  });

  test('a function that is not Active is a conflict that names its state', async (t) => {
    await using hall = await openHall();
    hall.catalog.put('f', { version: { state: 'Failed' } });
    await t.assert.rejects(invoke(hall), { name: 'ResourceConflictException', message: /following state: Failed$/ });
  });

  test('Tail brings the last 4 KB of the log, its last line included', async (t) => {
    await using hall = await openHall();
    hall.catalog.put('f');
    const answer = await invoke(hall, { LogType: 'Tail' });
    const log = Buffer.from(answer.LogResult ?? '', 'base64').toString();
    t.assert.match(log, /^START RequestId: 11111111.* Version: \$LATEST\nEND RequestId: .*\n$/);
  });

  test('the client context is decoded, and refused when it is not JSON', async (t) => {
    await using hall = await openHall({ handler: ({ clientContext }) => returned(clientContext ?? 'none') });
    hall.catalog.put('f');
    const answer = await invoke(hall, { ClientContext: Buffer.from('{"custom":{"a":"b"}}').toString('base64') });
    t.assert.equal(text(answer.Payload), '{"custom":{"a":"b"}}');
    await t.assert.rejects(invoke(hall, { ClientContext: '!!' }), { name: 'InvalidRequestContentException' });
  });

  test('a trace id is made when there is none, kept when there is one, and completed when it has no parent', async (t) => {
    await using hall = await openHall({ handler: ({ traceId }) => returned(traceId) });
    hall.catalog.put('f');
    const traced = async (header?: string) =>
      text((await hall.invoke.handlers.Invoke({ FunctionName: 'f' }, call({ 'x-amzn-trace-id': header }))).Payload);
    t.assert.match(await traced(), /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0;Lineage=1:[0-9a-f]{8}:0$/);
    const whole = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';
    t.assert.equal((await traced(whole)).replace(/;Lineage=.*/, ''), whole);
    t.assert.match(
      await traced('Root=1-5759e988-bd862e3fe1be46a994272793'),
      /^Root=1-5759e988-.*;Parent=[0-9a-f]{16};Sampled=0;Lineage=1:[0-9a-f]{8}:0$/,
    );
    t.assert.doesNotMatch(await traced('Root=1-evil\r\nX: y'), /evil/);
  });

  test('a streamed response is put together, and refused when it grows too large', async (t) => {
    const streamed = (pieces: string[]): Outcome => ({
      kind: 'streamed',
      contentType: 'text/plain',
      body: (async function* () {
        for (const piece of pieces) yield Buffer.from(piece);
      })(),
      end: Promise.resolve({ kind: 'complete' }),
    });
    const pieces = ['ab', 'cd'];
    await using hall = await openHall({ handler: () => streamed(pieces), limits: { syncResponseBytes: 4 } });
    hall.catalog.put('f');
    t.assert.equal(text((await invoke(hall)).Payload), 'abcd');
    pieces.push('e');
    const answer = await invoke(hall);
    t.assert.equal(answer.FunctionError, 'Unhandled');
    t.assert.match(text(answer.Payload), /"errorType":"Function.ResponseSizeTooLarge"/);
  });

  test('what is not there yet is refused, not ignored', async (t) => {
    await using hall = await openHall();
    hall.catalog.put('f');
    await t.assert.rejects(invoke(hall, { TenantId: 'blue' }), { name: 'InvalidParameterValueException' });
    await t.assert.rejects(invoke(hall, { DurableExecutionName: 'once' }), { name: 'InvalidParameterValueException' });
  });

  test('one fact is recorded for each invocation, with its bill', async (t) => {
    await using hall = await openHall({
      handler: () => ({ outcome: returned('1'), usage: { durationMs: 12.3, initMs: 100.4, maxMemoryUsedMiB: 44 } }),
    });
    hall.catalog.put('f');
    await invoke(hall);
    await settle();
    t.assert.partialDeepStrictEqual(hall.facts, [
      {
        kind: 'invocation',
        functionName: 'f',
        version: '$LATEST',
        billedMs: 113,
        durationMs: 12.3,
        memorySizeMiB: 128,
        status: 'success',
      },
    ]);
  });

  test('a hall that drains refuses new calls and lets the running ones end', async (t) => {
    const gate = Promise.withResolvers<void>();
    await using hall = await openHall({ handler: () => gate.promise.then(() => returned('"late"')) });
    hall.catalog.put('f');
    const running = invoke(hall);
    await settle();
    const drained = hall.invoke.drain({ withinMs: 60_000 });
    await t.assert.rejects(invoke(hall), { name: 'ServiceException', status: 503 });
    gate.resolve();
    t.assert.equal(text((await running).Payload), '"late"');
    await drained;
  });
});

suite('InvokeWithResponseStream', () => {
  const collect = async (hall: Hall, input: object = {}) => {
    const answer = await hall.invoke.handlers.InvokeWithResponseStream({ FunctionName: 'f', ...input }, call());
    const events: InvokeWithResponseStreamResponseEvent[] = [];
    for await (const event of answer.EventStream ?? []) events.push(event);
    return { answer, events };
  };

  test('a buffered response arrives as chunks and a completion', async (t) => {
    await using hall = await openHall({ handler: () => returned('x'.repeat(200_000)) });
    hall.catalog.put('f');
    const { answer, events } = await collect(hall, { LogType: 'Tail' });
    t.assert.equal(answer.ExecutedVersion, '$LATEST');
    t.assert.equal(events.flatMap((event) => [...(event.PayloadChunk?.Payload ?? [])]).length, 200_000);
    t.assert.match(events.at(-1)?.InvokeComplete?.LogResult ?? '', /^[A-Za-z0-9+/=]+$/);
  });

  test('a failure is told in the completion, for the status is already sent', async (t) => {
    await using hall = await openHall({ handler: () => threw('Oops', 'broken') });
    hall.catalog.put('f');
    const { events } = await collect(hall);
    t.assert.equal(events.length, 1);
    t.assert.equal(events[0]?.InvokeComplete?.ErrorCode, 'Unhandled');
    t.assert.match(events[0]?.InvokeComplete?.ErrorDetails ?? '', /broken/);
  });

  test('a caller who hangs up ends the reply, not the invocation', async (t) => {
    let givenUp = false;
    const end = Promise.withResolvers<{ kind: 'complete' }>();
    await using hall = await openHall({
      handler: () => ({
        kind: 'streamed',
        contentType: 'text/plain',
        end: end.promise,
        body: (async function* () {
          try {
            for (let piece = 0; piece < 10; piece += 1) yield Buffer.from(String(piece));
          } finally {
            givenUp = true;
          }
        })(),
      }),
    });
    hall.catalog.put('f');
    const answer = await hall.invoke.handlers.InvokeWithResponseStream({ FunctionName: 'f' }, call());
    for await (const _event of answer.EventStream ?? []) break;
    await settle();
    t.assert.deepEqual([givenUp, hall.facts.length], [true, 0]);
    end.resolve({ kind: 'complete' });
    await settle();
    t.assert.equal(hall.facts.length, 1);
  });
});
