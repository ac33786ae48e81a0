import { suite, test, type TestContext } from 'node:test';
import { systemRandom, type AccountId, type FunctionArn, type Region, type RequestId } from '../../base/index.ts';
import type { EndedEvent } from '../../invoke/index.ts';
import { deliverEnded, destinationRecord } from './ended.ts';
import type { Targets, TextAttributes } from './targets.ts';

const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:f' as FunctionArn;
const ended = (options: Partial<EndedEvent> = {}): EndedEvent => ({
  account: '000000000000' as AccountId,
  region: 'us-east-1' as Region,
  requestId: 'r1' as RequestId,
  functionArn,
  invokedArn: functionArn,
  traceId: 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0',
  condition: 'RetriesExhausted',
  targets: [],
  approximateInvokeCount: 3,
  endedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
  executedVersion: '$LATEST',
  functionError: 'Unhandled',
  requestPayload: Buffer.from('{"n":12345678901234567890}'),
  responsePayload: Buffer.from('{"errorMessage":"no","errorType":"Error"}'),
  ...options,
});

suite('the record of an ended event', () => {
  test('has every member, and payloads to the digit', (t: TestContext) => {
    const record = destinationRecord(ended());
    t.assert.match(record, /"requestPayload":\{"n":12345678901234567890\}/);
    t.assert.deepEqual(JSON.parse(record.replace('12345678901234567890', '1')), {
      version: '1.0',
      timestamp: '2026-01-02T03:04:05.000Z',
      requestContext: {
        requestId: 'r1',
        functionArn: `${functionArn}:$LATEST`,
        condition: 'RetriesExhausted',
        approximateInvokeCount: 3,
      },
      requestPayload: { n: 1 },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: { errorMessage: 'no', errorType: 'Error' },
    });
  });

  test('leaves the response out when the event never ran', (t: TestContext) => {
    const {
      executedVersion: _version,
      functionError: _error,
      responsePayload: _payload,
      ...rest
    } = ended({ condition: 'EventAgeExceeded' });
    const record = JSON.parse(destinationRecord(rest).replace('12345678901234567890', '1')) as object;
    t.assert.deepEqual(Object.keys(record), ['version', 'timestamp', 'requestContext', 'requestPayload']);
  });

  test('a dead-letter queue gets the event as it came, with three attributes', async (t: TestContext) => {
    let seen: { body: string; attributes: TextAttributes | undefined; traceId: string | undefined } | undefined;
    const targets: Targets = {
      sqs: (_arn, body, attributes, traceId) => Promise.resolve(void (seen = { body, attributes, traceId })),
    };
    await deliverEnded(ended(), { kind: 'deadLetter', arn: 'arn:aws:sqs:us-east-1:000000000000:q' }, targets, systemRandom);
    t.assert.equal(seen?.body, '{"n":12345678901234567890}');
    t.assert.deepEqual(seen?.attributes?.['ErrorMessage'], { dataType: 'String', value: 'no' });
    t.assert.deepEqual(seen?.attributes?.['RequestID'], { dataType: 'String', value: 'r1' });
    t.assert.equal(seen?.traceId, 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0');
  });

  test('a bus gets an event with detail type and resources, a bucket a key by date', async (t: TestContext) => {
    const seen: unknown[] = [];
    const targets: Targets = {
      events: (_arn, entry) => Promise.resolve(void seen.push(entry.detailType, entry.resources)),
      s3: (arn, key) => Promise.resolve(void seen.push(arn, key.replace(/-[0-9a-f-]{36}$/, ''))),
    };
    const bus = 'arn:aws:events:us-east-1:000000000000:event-bus/default';
    await deliverEnded(ended({ condition: 'Success' }), { kind: 'destination', arn: bus }, targets, systemRandom);
    await deliverEnded(ended(), { kind: 'destination', arn: 'arn:aws:s3:::b' }, targets, systemRandom);
    t.assert.deepEqual(seen, [
      'Lambda Function Invocation Result - Success',
      [bus, `${functionArn}:$LATEST`],
      'arn:aws:s3:::b',
      'aws/lambda/async/f/2026/01/02/2026-01-02T03.04.05',
    ]);
    await t.assert.rejects(
      deliverEnded(ended(), { kind: 'destination', arn: 'arn:aws:sns:us-east-1:0:t' }, targets, systemRandom),
      { code: 'TARGET_UNSUPPORTED' },
    );
  });
});
