import { suite, test } from 'node:test';
import type { PlatformEvent, PlatformRecord, RequestId } from '../base/index.ts';
import { platformLines } from './platform-lines.ts';

const atMs = Date.UTC(2026, 10, 23, 1, 2, 3, 4);
const at = (record: PlatformRecord): PlatformEvent => ({ ...record, atMs });
const text = (record: PlatformRecord): readonly string[] => platformLines(at(record), { logFormat: 'Text' });
const requestId = '5f8c2ad1-0000-4000-8000-000000000000' as RequestId;

const report = (change: object = {}, metrics: object = {}): PlatformRecord => ({
  type: 'platform.report',
  record: {
    requestId,
    status: 'success',
    metrics: { durationMs: 2.9, billedDurationMs: 3, memorySizeMB: 128, maxMemoryUsedMB: 36, ...metrics },
    ...change,
  },
});
const initReport = (change: object = {}): PlatformRecord => ({
  type: 'platform.initReport',
  record: { initializationType: 'on-demand', phase: 'init', status: 'success', metrics: { durationMs: 9999.81 }, ...change },
});

suite('platform lines as text', () => {
  test('INIT_START names the runtime', (t) => {
    const record = {
      initializationType: 'on-demand',
      phase: 'init',
      functionName: 'f',
      functionVersion: '$LATEST',
      runtimeVersion: 'python:3.13.v18',
      runtimeVersionArn: 'arn:aws:lambda:us-east-1::runtime:ab',
    } as const;
    t.assert.deepEqual(text({ type: 'platform.initStart', record }), [
      'INIT_START Runtime Version: python:3.13.v18\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:ab',
    ]);
    t.assert.deepEqual(text({ type: 'platform.initStart', record: { ...record, phase: 'invoke' } }), []);
  });

  test('START and END carry the request id', (t) => {
    t.assert.deepEqual(text({ type: 'platform.start', record: { requestId, version: '$LATEST' } }), [
      `START RequestId: ${requestId} Version: $LATEST`,
    ]);
    t.assert.equal(text(report())[0], `END RequestId: ${requestId}`);
  });

  test('REPORT is as recorded from Lambda, its trailing tab included', (t) => {
    t.assert.equal(
      text(report())[1],
      `REPORT RequestId: ${requestId}\tDuration: 2.90 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t`,
    );
    t.assert.equal(
      text(report({}, { durationMs: 3.01, billedDurationMs: 4, initDurationMs: 110.1 }))[1],
      `REPORT RequestId: ${requestId}\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\tInit Duration: 110.10 ms\t`,
    );
  });

  test('REPORT tells how it ended when the platform ended it, and leaves the handler its own errors', (t) => {
    t.assert.match(text(report({ status: 'timeout', errorType: 'Sandbox.Timedout' }))[1] ?? '', /\tStatus: timeout\t$/);
    t.assert.match(
      text(report({ status: 'error', errorType: 'Runtime.ExitError' }))[1] ?? '',
      /\tStatus: error\tError Type: Runtime.ExitError\t$/,
    );
    t.assert.doesNotMatch(text(report({ status: 'error', errorType: 'TypeError' }))[1] ?? '', /Status/);
  });

  test('a sampled trace is a second line of the same event', (t) => {
    const tracing = {
      type: 'X-Amzn-Trace-Id',
      value: 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1',
      spanId: '53995c3f42cd8ad8',
    };
    t.assert.match(
      text(report({ tracing }))[1] ?? '',
      /\t\nXRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\tSegmentId: 53995c3f42cd8ad8\tSampled: true\t$/,
    );
    t.assert.doesNotMatch(
      text(report({ tracing: { ...tracing, value: tracing.value.replace('Sampled=1', 'Sampled=0') } }))[1] ?? '',
      /XRAY/,
    );
  });

  test('INIT_REPORT appears only when the initialisation failed', (t) => {
    t.assert.deepEqual(text(initReport()), []);
    t.assert.deepEqual(text(initReport({ status: 'timeout' })), [
      'INIT_REPORT Init Duration: 9999.81 ms\tPhase: init\tStatus: timeout',
    ]);
    t.assert.deepEqual(text(initReport({ status: 'error', phase: 'invoke', errorType: 'Runtime.ExitError' })), [
      'INIT_REPORT Init Duration: 9999.81 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ExitError',
    ]);
  });

  test('extensions and subscriptions', (t) => {
    t.assert.deepEqual(
      text({ type: 'platform.extension', record: { name: 'x', state: 'Ready', events: ['INVOKE', 'SHUTDOWN'] } }),
      ['EXTENSION\tName: x\tState: Ready\tEvents: [INVOKE, SHUTDOWN]'],
    );
    t.assert.deepEqual(
      text({ type: 'platform.telemetrySubscription', record: { name: 'x', state: 'Subscribed', types: ['platform'] } }),
      ['TELEMETRY\tName: x\tState: Subscribed\tTypes: [Platform]'],
    );
  });
});

suite('platform lines as JSON', () => {
  const json = (record: PlatformRecord, systemLogLevel?: 'DEBUG' | 'INFO' | 'WARN'): readonly string[] =>
    platformLines(at(record), { logFormat: 'JSON', ...(systemLogLevel === undefined ? {} : { systemLogLevel }) });
  const passes = (record: PlatformRecord): string =>
    (['WARN', 'INFO', 'DEBUG'] as const).find((level) => json(record, level).length === 1) ?? 'never';

  test('a record has its time, its type and its members', (t) => {
    t.assert.deepEqual(json({ type: 'platform.start', record: { requestId, version: '1' } }), [
      `{"time":"2026-11-23T01:02:03.004Z","type":"platform.start","record":{"requestId":"${requestId}","version":"1"}}`,
    ]);
  });

  test('every event has the level of the table', (t) => {
    const init = { initializationType: 'on-demand', phase: 'init' } as const;
    const started = { ...init, functionName: 'f', functionVersion: '1' };
    const done = { requestId, metrics: { durationMs: 1 } };
    const table: [PlatformRecord, string][] = [
      [{ type: 'platform.initStart', record: { ...started, runtimeVersion: 'v' } }, 'INFO'],
      [{ type: 'platform.initStart', record: started }, 'DEBUG'],
      [{ type: 'platform.initRuntimeDone', record: { ...init, status: 'success' } }, 'DEBUG'],
      [{ type: 'platform.initRuntimeDone', record: { ...init, status: 'error' } }, 'WARN'],
      [{ type: 'platform.runtimeDone', record: { ...done, status: 'success' } }, 'DEBUG'],
      [{ type: 'platform.runtimeDone', record: { ...done, status: 'timeout' } }, 'WARN'],
      [initReport(), 'DEBUG'],
      [initReport({ initializationType: 'provisioned-concurrency' }), 'INFO'],
      [initReport({ status: 'error' }), 'WARN'],
      [report(), 'INFO'],
      [report({ status: 'error' }), 'WARN'],
      [{ type: 'platform.start', record: { requestId, version: '1' } }, 'INFO'],
      [{ type: 'platform.logsSubscription', record: { name: 'x', state: 's', types: [] } }, 'INFO'],
      [{ type: 'platform.extension', record: { name: 'x', state: 'Ready', events: [] } }, 'INFO'],
      [{ type: 'platform.extension', record: { name: 'x', state: 'Failed', events: [], errorType: 'Extension.Crash' } }, 'WARN'],
      [{ type: 'platform.logsDropped', record: { reason: 'r', droppedRecords: 1, droppedBytes: 2 } }, 'WARN'],
    ];
    for (const [record, level] of table) t.assert.equal(passes(record), level, JSON.stringify(record));
  });

  test('without a level it is INFO', (t) => {
    t.assert.equal(json(initReport()).length, 0);
    t.assert.equal(json(report()).length, 1);
  });
});
