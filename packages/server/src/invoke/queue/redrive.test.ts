import { suite, test, type TestContext } from 'node:test';
import { systemRandom, type FunctionArn } from '../../base/index.ts';
import { ScriptedCatalog } from '../../../../../test/kit/scripted-catalog.ts';
import type { InvokeRequest } from '../port.ts';
import { redrive } from './redrive.ts';

const arn = 'arn:aws:lambda:us-east-1:000000000000:function:f' as FunctionArn;
const dead = 'arn:aws:sqs:us-east-1:000000000000:dead';
const record = (functionArn: string, payload: string) =>
  `{"version":"1.0","requestContext":{"requestId":"r","functionArn":"${functionArn}","condition":"RetriesExhausted"},"requestPayload":${payload}}`;

suite('redriving', { timeout: 60_000 }, () => {
  test('events come back with every digit, under the alias they were called by; what is another function’s stays', async (t: TestContext) => {
    const catalog = new ScriptedCatalog();
    catalog.put('f', { version: { deadLetterTargetArn: dead } });
    const messages = [
      '{"raw":12345678901234567890.10}',
      record(`${arn}:$LATEST`, '{"n":12345678901234567890}'),
      record(`${arn}:live`, '2'),
      record(`${arn}2:$LATEST`, '"of another"'),
    ].map((body, index) => ({ body, receiptHandle: String(index) }));
    const deleted: string[] = [];
    const shown: string[] = [];
    const enqueued: string[] = [];
    const [result] = await redrive(arn, {
      catalog,
      random: systemRandom,
      most: 100,
      deadLetters: {
        receive: async (_arn, { max }) => messages.splice(0, max),
        delete: async (_arn, handles) => void deleted.push(...handles),
        changeVisibility: async (_arn, handles) => void shown.push(...handles),
      },
      enqueue: async ({ functionName, payload }: InvokeRequest) =>
        void enqueued.push(`${functionName} ${Buffer.from(payload).toString()}`),
    });
    t.assert.deepStrictEqual(result, { queueArn: dead, redriven: 3, left: 1 });
    t.assert.deepStrictEqual(enqueued, [
      `${arn} {"raw":12345678901234567890.10}`,
      `${arn} {"n":12345678901234567890}`,
      `${arn}:live 2`,
    ]);
    t.assert.deepStrictEqual([deleted, shown], [['0', '1', '2'], ['3']]);
  });

  test('a message is deleted only after its event was accepted', async (t: TestContext) => {
    const catalog = new ScriptedCatalog();
    catalog.put('f', { version: { deadLetterTargetArn: dead } });
    const messages = [{ body: '1', receiptHandle: 'a' }];
    const deleted: string[] = [];
    const failing = redrive(arn, {
      catalog,
      random: systemRandom,
      most: 100,
      deadLetters: {
        receive: async () => messages.splice(0),
        delete: async (_arn, handles) => void deleted.push(...handles),
        changeVisibility: async () => {},
      },
      enqueue: () => Promise.reject(new Error('disk full')),
    });
    await t.assert.rejects(failing, { message: 'disk full' });
    t.assert.deepStrictEqual(deleted, []);
  });
});
