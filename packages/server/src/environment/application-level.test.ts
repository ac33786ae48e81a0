import { suite, test, type TestContext } from 'node:test';
import { applicationFilter } from './application-level.ts';

const logGroup = 'g';

suite("a function's log level", () => {
  test('holds back JSON lines below it, and nothing else', (t: TestContext) => {
    const passes = applicationFilter({ logFormat: 'JSON', applicationLogLevel: 'WARN', logGroup });
    const lines = [
      '{"level":"ERROR"}',
      '{"level":"warn"}',
      'plain',
      '{not json',
      '{"level":"INFO"}',
      '{"level":"odd"}',
      '{"message":"none"}',
    ];
    t.assert.deepEqual(
      lines.filter((line) => passes(line)),
      lines.slice(0, 4),
    );
  });

  test('is INFO when it was not set, and has no say in a text log', (t: TestContext) => {
    const passes = applicationFilter({ logFormat: 'JSON', logGroup });
    t.assert.deepEqual(
      ['{"level":"DEBUG"}', '{"level":"INFO"}'].filter((line) => passes(line)),
      ['{"level":"INFO"}'],
    );
    t.assert.deepEqual(
      ['DEBUG', 'INFO'].filter((level) => passes('told beside it', level)),
      ['INFO'],
    );
    t.assert.equal(applicationFilter({ logFormat: 'Text', logGroup })('{"level":"TRACE"}'), true);
  });
});
