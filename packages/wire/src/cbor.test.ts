import { suite, test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { fromCbor } from './cbor-read.ts';
import { plainToCbor, toCbor } from './cbor-write.ts';
import { loadApi, ServiceFault, type Api, type RequestHead } from './index.ts';
import type { Operation, Shape } from './operation.ts';
import { members } from './operation.ts';

const style = { unitMs: 1_000, doubles: new Set<string>() };
const bytesOf = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex');

const api = await loadApi('cloudwatch');
const inputOf = (name: string): Shape => (api.operations.get(name) as Operation).input;
const putData = inputOf('PutMetricData');
const read = (hex: string, shape = putData): unknown => fromCbor(shape, bytesOf(hex), 1_000);

/** Values of a shape as a handler sees them. */
function valuesOf(shape: Shape, depth = 0): fc.Arbitrary<unknown> {
  if (shape.isStructSchema()) {
    if (depth > 3) return fc.constant({});
    return fc.record(Object.fromEntries(members(shape).map(([name, member]) => [name, valuesOf(member, depth + 1)])), {
      requiredKeys: [],
    });
  }
  if (shape.isListSchema()) return fc.array(valuesOf(shape.getValueSchema(), depth + 1), { maxLength: 3 });
  if (shape.isMapSchema())
    return fc.dictionary(
      fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__'),
      valuesOf(shape.getValueSchema(), depth + 1),
      { maxKeys: 3 },
    );
  if (shape.isBlobSchema()) return fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each));
  // Seconds as a double have milliseconds for some thousands of years.
  if (shape.isTimestampSchema()) return fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31') });
  if (shape.isBooleanSchema()) return fc.boolean();
  if (shape.isStringSchema()) return fc.string({ unit: 'grapheme', maxLength: 300 });
  return fc.oneof(fc.maxSafeInteger(), fc.double({ noNaN: true }));
}

suite('CBOR', () => {
  test('what is written of any input is read back as it was', async (t: TestContext) => {
    for (const service of ['cloudwatch', 'kinesis'] as const) {
      for (const { input, name } of (await loadApi(service)).operations.values()) {
        if (!input.isStructSchema()) continue;
        fc.assert(
          fc.property(valuesOf(input), fc.boolean(), (value, inSeconds) => {
            const doubles = new Set(inSeconds ? ['Threshold', 'Values', 'Period'] : []);
            const written = toCbor(input, value, { unitMs: inSeconds ? 1_000 : 1, doubles });
            t.assert.deepEqual(fromCbor(input, written, inSeconds ? 1_000 : 1), value, name);
          }),
          { numRuns: 20 },
        );
      }
    }
  });

  test('bytes of chance are read or refused, and never anything else', (t: TestContext) => {
    const shapes = ['PutMetricData', 'PutMetricAlarm', 'TagResource'].map(inputOf);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...shapes), (chance, shape) => {
        try {
          fromCbor(shape, chance, 1_000);
        } catch (error) {
          t.assert.ok(error instanceof ServiceFault && error.code === 'SerializationException', String(error));
        }
      }),
      { numRuns: 5_000 },
    );
  });

  test('a written document with one byte changed is read or refused', (t: TestContext) => {
    const input = { Namespace: 'App', MetricData: [{ MetricName: 'm', Value: 1.5, Timestamp: new Date(0), Values: [1, 2] }] };
    const written = toCbor(putData, input, style);
    fc.assert(
      fc.property(fc.nat(written.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(written);
        changed[at] = byte;
        try {
          fromCbor(putData, changed, 1_000);
        } catch (error) {
          t.assert.ok(error instanceof ServiceFault, String(error));
        }
      }),
      { numRuns: 5_000 },
    );
  });

  test('every way to write the same is understood', (t: TestContext) => {
    const name = '694e616d657370616365'; // "Namespace"
    t.assert.deepEqual(read(''), {});
    t.assert.deepEqual(read('a0'), {});
    t.assert.deepEqual(read(`a1${name}6161`), { Namespace: 'a' });
    t.assert.deepEqual(read(`bf${name}6161ff`), { Namespace: 'a' });
    t.assert.deepEqual(read(`b900017f 654e616d6573 6470616365 ff 7f 6161 60 6162 ff`), { Namespace: 'ab' });
    t.assert.deepEqual(read(`a2 ${name} f6 6178 9f f5 a1 6179 c249010000000000000000 ff`), {});
    const alarm = inputOf('PutMetricAlarm');
    const threshold = '695468726573686f6c64';
    const numbers = {
      '05': 5,
      '1818': 24,
      '1903e8': 1_000,
      '24': -5,
      f94900: 10,
      fa41200000: 10,
      fb3ff8000000000000: 1.5,
      f90001: 2 ** -24,
    };
    for (const [written, number] of Object.entries(numbers))
      t.assert.deepEqual(read(`a1${threshold}${written}`, alarm), { Threshold: number }, written);
  });

  test('timestamps come tagged or bare, as whole numbers or with a fraction', (t: TestContext) => {
    const statistics = inputOf('GetMetricStatistics');
    for (const written of ['c11a65000000', '1a65000000', 'c1fb41d9400000000000']) {
      t.assert.deepEqual(
        read(`a1 6953746172745469 6d65 ${written}`, statistics),
        { StartTime: new Date(0x65000000 * 1_000) },
        written,
      );
    }
    t.assert.deepEqual(
      fromCbor(statistics, bytesOf('a1 6953746172745469 6d65 c11b0000018bcfe56800'), 1),
      { StartTime: new Date(0x018bcfe56800) },
      'milliseconds in the older protocol',
    );
  });

  const refused: Readonly<Record<string, [hex: string, message: RegExp]>> = {
    'a list of four thousand million items': ['a1 6a4d657472696344617461 9affffffff', /ends too early/],
    'a text of 2^60 bytes': ['a1 694e616d657370616365 7b1000000000000000', /ends too early/],
    'a map of 2^63 entries': ['bb8000000000000000', /ends too early/],
    'a list that never ends': ['bf 6178 9f 00 00', /ends too early/],
    'a member twice': ['a2 694e616d657370616365 6161 694e616d657370616365 6162', /Namespace is there twice/],
    'what follows the end': ['a0 00', /follows the end/],
    'a key that is a number': ['a1 00 00', /keys of a map must be texts/],
    'a break where nothing is open': ['a1 694e616d657370616365 ff', /break/],
    'a piece of another kind': ['a1 694e616d657370616365 7f 4161 ff', /whole strings of its kind/],
    'pieces within pieces': ['a1 694e616d657370616365 7f 7f 6161 ff ff', /whole strings of its kind/],
    'reserved heads': ['a1 694e616d657370616365 7c', /not valid CBOR/],
    'simple values nobody knows': ['a1 6178 e0', /simple value 0/],
    'half a letter': ['a1 694e616d657370616365 62c328', /UTF-8/],
    'a number for a text': ['a1 694e616d657370616365 05', /A number can not be converted to a String/],
    'a list for the document': ['80', /A list can not be converted to a Structure/],
    'a tag nobody asked for': ['a1 694e616d657370616365 c1 6161', /A tag can not be converted to a String/],
  };
  for (const [what, [hex, message]] of Object.entries(refused)) {
    test(`${what} is refused`, (t: TestContext) => {
      t.assert.throws(() => read(hex), { name: 'SerializationException', status: 400, message });
    });
  }

  test('nesting and number have an end, known or not', (t: TestContext) => {
    t.assert.throws(() => read(`a1 6178 ${'81'.repeat(100_000)}00`), { message: /nested more than 64/ });
    t.assert.throws(() => read(`a1 6178 ${'c1'.repeat(100_000)}00`), { message: /nested more than 64/ });
    const many = Buffer.concat([bytesOf('a1 6a4d657472696344617461 9f'), Buffer.alloc(600_000, 0xa0), bytesOf('ff')]);
    t.assert.throws(() => fromCbor(putData, many, 1_000), { message: /more than 500000 items/ });
    t.assert.deepEqual(
      Object.keys(fromCbor(inputOf('TagResource'), bytesOf('a1 695f5f70726f746f5f5f a1 6161 01'), 1) as object),
      [],
    );
  });
});

suite('the protocols of CBOR', () => {
  const target = '/service/GraniteServiceVersion20100801/operation/SetAlarmState';
  const head: RequestHead = {
    method: 'POST',
    target,
    headers: { 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' },
  };
  const meta = { requestId: '11111111-2222-3333-4444-555555555555' };
  const known = (of: Api, request: RequestHead, protocol: 'rpcV2Cbor' | 'awsCbor1_1'): string | undefined =>
    of.route(request, protocol, new Uint8Array(0))?.name;

  test('an operation is named by its path, and by its target in the older one', async (t: TestContext) => {
    t.assert.equal(known(api, head, 'rpcV2Cbor'), 'SetAlarmState');
    t.assert.equal(known(api, { ...head, target: `/prefix${target}` }, 'rpcV2Cbor'), 'SetAlarmState');
    t.assert.equal(known(api, { ...head, target: '/service/x/operation/toString' }, 'rpcV2Cbor'), undefined);
    t.assert.equal(known(api, { ...head, target: '/' }, 'rpcV2Cbor'), undefined);
    const older = { ...head, target: '/', headers: { 'x-amz-target': 'Kinesis_20131202.PutRecord' } };
    t.assert.equal(known(await loadApi('kinesis'), older, 'awsCbor1_1'), 'PutRecord');
  });

  test('a fault has its full name, its code in the query protocol, and further members', (t: TestContext) => {
    const fault = new ServiceFault('InvalidParameterValueException', 'wrong', {
      members: { dashboardValidationMessages: [{ Message: 'm' }] },
    });
    const { status, headers, body } = api.encodeFault(fault, 'rpcV2Cbor', meta);
    t.assert.equal(status, 400);
    t.assert.equal(headers['smithy-protocol'], 'rpc-v2-cbor');
    t.assert.equal(headers['x-amzn-query-error'], 'InvalidParameterValue;Sender');
    t.assert.deepEqual(
      body,
      plainToCbor({
        __type: 'com.amazonaws.cloudwatch.v2010_08_01#InvalidParameterValueException',
        message: 'wrong',
        dashboardValidationMessages: [{ Message: 'm' }],
      }),
    );
  });

  test('doubles are written as doubles, since some clients read no others', (t: TestContext) => {
    const operation = api.operations.get('GetMetricStatistics') as Operation;
    const { body } = api.encode(operation, 'rpcV2Cbor', { Label: 'm', Datapoints: [{ Sum: 1 }] }, meta);
    t.assert.equal(
      Buffer.from(body as Uint8Array).toString('hex'),
      'a2654c6162656c616d6a44617461706f696e747381a16353756dfb3ff0000000000000',
    );
  });
});
