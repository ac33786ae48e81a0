import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import {
  GetDurableExecutionCommand,
  GetDurableExecutionHistoryCommand,
  InvokeCommand,
  SendDurableExecutionCallbackSuccessCommand,
} from '@aws-sdk/client-lambda';
import { deploy } from '../kit/functions.ts';
import { built, pythonOf, zipFolders } from './kit/artefacts.ts';
import { openHouse, uploaded, type House } from './kit/house.ts';

const minor = '3.13';
const python = pythonOf(minor);
const absent = python === undefined ? `no Python ${minor} with pip on this machine` : false;

suite('durable functions with the SDK for Python', { timeout: 280_000, skip: absent }, () => {
  let house: House;

  before(async () => {
    const folder = await built(
      'durable-python',
      async ({ run }) => {
        const quietly = ['--quiet', '--disable-pip-version-check', '--only-binary=:all:'];
        await run(python ?? '', ['-m', 'pip', 'install', ...quietly, '--target', 'site', '-r', 'requirements.txt']);
      },
      minor,
    );
    house = await openHouse();
    const Code = await uploaded(house, 'durable', await zipFolders({ '': path.join(folder, 'site') }, await sources(folder)));
    const settings = { Runtime: `python${minor}`, Handler: 'flow.handler', Timeout: 30, MemorySize: 512, Code } as const;
    await deploy(house.client, 'flow', {}, { ...settings, DurableConfig: { ExecutionTimeout: 60 } });
  });
  after(() => house?.[Symbol.asyncDispose]());

  const send = (flow: string, event: object, InvocationType?: 'Event') =>
    house.client.send(
      new InvokeCommand({
        FunctionName: 'flow',
        Qualifier: '$LATEST',
        Payload: Buffer.from(JSON.stringify({ flow, ...event })),
        InvocationType,
      }),
    );
  const invoke = async (flow: string, event: object = {}) => {
    const { Payload: payload, FunctionError: error } = await send(flow, event);
    return { answer: JSON.parse(Buffer.from(payload ?? []).toString('utf8')) as Record<string, unknown>, error };
  };

  test('steps, waits and retries', async (t: TestContext) => {
    t.assert.deepEqual((await invoke('steps', { name: 'Ada' })).answer, { greeting: 'Hello Ada', loud: 'HELLO ADA' });
    t.assert.deepEqual((await invoke('retried')).answer, { attempts: 3 });
  });

  test('callbacks that are answered, and that are not', async (t: TestContext) => {
    t.assert.match(JSON.stringify((await invoke('approved', { timeout: 1 })).answer), /timed out/i);
    const { DurableExecutionArn } = await send('approved', {}, 'Event');
    for (;;) {
      const { Events = [] } = await house.client.send(new GetDurableExecutionHistoryCommand({ DurableExecutionArn }));
      const CallbackId = Events.find(({ EventType: type }) => type === 'CallbackStarted')?.CallbackStartedDetails?.CallbackId;
      if (CallbackId !== undefined) {
        await house.client.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId, Result: Buffer.from('yes') }));
        break;
      }
      await pause(50);
    }
    for (;;) {
      const { Status: status, Result: result } = await house.client.send(new GetDurableExecutionCommand({ DurableExecutionArn }));
      if (status !== 'RUNNING') {
        t.assert.deepEqual([status, result], ['SUCCEEDED', '{"approved": "yes"}']);
        return;
      }
      await pause(50);
    }
  });

  test('branches, items, and other functions', async (t: TestContext) => {
    t.assert.deepEqual((await invoke('parallel', { numbers: [1, 2, 3] })).answer, { both: ['l', 'r'], squares: [1, 4, 9] });
    const { answer } = await invoke('chained', { target: 'flow:$LATEST', input: { flow: 'steps', name: 'Bo' } });
    t.assert.deepEqual(answer, { answer: { greeting: 'Hello Bo', loud: 'HELLO BO' } });
  });

  test('an exception is how an execution fails', async (t: TestContext) => {
    const { answer, error } = await invoke('failing');
    t.assert.deepEqual([error, answer['errorType'], answer['errorMessage']], ['Unhandled', 'TypeError', 'This cannot be.']);
  });
});

const sources = async (folder: string): Promise<Record<string, string>> => ({
  'flow.py': await readFile(path.join(folder, 'flow.py'), 'utf8'),
});
