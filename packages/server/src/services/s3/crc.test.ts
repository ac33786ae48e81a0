import { suite, test, type TestContext } from 'node:test';
import { assert as holds, constantFrom, property, uint8Array } from 'fast-check';
import { running } from './checksums.ts';
import { combine } from './crc.ts';

const sumOf = (algorithm: 'CRC32' | 'CRC32C' | 'CRC64NVME', ...pieces: Uint8Array[]): Buffer => {
  const sum = running(algorithm);
  for (const piece of pieces) sum.update(piece);
  return sum.digest();
};

suite('checksums', () => {
  test('the known values of 123456789', (t: TestContext) => {
    const bytes = Buffer.from('123456789');
    t.assert.strictEqual(sumOf('CRC32', bytes).toString('hex'), 'cbf43926');
    t.assert.strictEqual(sumOf('CRC32C', bytes).toString('hex'), 'e3069283');
    t.assert.strictEqual(sumOf('CRC64NVME', bytes).toString('hex'), 'ae8b14860a799888');
  });

  test('sums of parts make the sum of the whole', (t: TestContext) => {
    holds(
      property(
        constantFrom('CRC32', 'CRC32C', 'CRC64NVME'),
        uint8Array({ maxLength: 300 }),
        uint8Array({ maxLength: 300 }),
        (algorithm, one, two) => {
          t.assert.deepStrictEqual(
            combine(algorithm, sumOf(algorithm, one), sumOf(algorithm, two), two.length),
            sumOf(algorithm, one, two),
          );
        },
      ),
    );
  });
});
