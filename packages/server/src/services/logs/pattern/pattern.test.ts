import { suite, test, type TestContext } from 'node:test';
import { PatternError, toPattern } from './index.ts';

const matches = (pattern: string, message: string): boolean => toPattern(pattern).match(message) !== undefined;
const request = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534';

suite('a filter pattern', { timeout: 60_000 }, () => {
  const cases: readonly (readonly [pattern: string, message: string, expected: boolean])[] = [
    ['', 'anything', true],
    ['ERROR', '[ERROR] out', true],
    ['ERROR', '[error] out', false],
    ['ERROR memory', 'ERROR of memory', true],
    ['ERROR memory', 'ERROR of disk', false],
    ['"out of memory"', 'ran out of memory', true],
    ['"a \\" b"', 'a " b', true],
    ['?WARN ?ERROR', 'WARN x', true],
    ['?WARN ?ERROR', 'INFO x', false],
    ['ERROR -Exiting', 'ERROR now', true],
    ['ERROR -Exiting', 'ERROR Exiting', false],
    ['ERROR -"not now"', 'ERROR not now', false],
    ['-INFO', 'WARN', true],
    ['a - b', 'a - b', true],
    ['%4\\d\\d%', 'status 404', true],
    ['%^4\\d{2}$%', 'x404', false],
    ['%(foo|ba[rz])+!%', 'a foobarbaz!', true],
    ['{ $.level = "ERROR" }', '{"level":"ERROR"}', true],
    ['{ $.level = ERROR }', '{"level":"WARN"}', false],
    ['{$.level=ERR*}', '{"level":"ERROR"}', true],
    ['{ $.ms > 100 && $.ms <= 2e2 }', '{"ms":200}', true],
    ['{ $.ms > 100 }', '{"ms":100}', false],
    ['{ $.code = 404 }', '{"code":404}', true],
    ['{ $.code != 404 }', '{"code":404}', false],
    ['{ $.code != 404 }', '{}', false],
    ['{ ($.a = 1 || $.b = 2) && $.c IS TRUE }', '{"b":2,"c":true}', true],
    ['{ $.a = 1 || $.b = 2 && $.c = 3 }', '{"a":1}', true],
    ['{ $.a IS NULL }', '{"a":null}', true],
    ['{ $.a NOT EXISTS }', '{"b":1}', true],
    ['{ $.a[0] = "x" }', '{"a":["x","y"]}', true],
    ['{ $.a[*].b = "y" }', '{"a":[{"b":"x"},{"b":"y"}]}', true],
    ['{ $.["a.b"] = 1 }', '{"a.b":1}', true],
    ["{ $['a'].b = 1 }", '{"a":{"b":1}}', true],
    ['{ $.ip = %^10\\.% }', '{"ip":"10.1.2.3"}', true],
    ['{ $.x = * }', '{"x":"anything"}', true],
    ['{ $.level = "ERROR" }', 'level ERROR', false],
    ['{ $.constructor = * }', '{}', false],
    ['[ip, user, name, time, request, status = 4*, bytes]', request, true],
    ['[ip, user, name, time, request, status = 5*, bytes]', request, false],
    ['[..., status = 404 || status = 500, bytes > 1000]', request, true],
    ['[ip = 127*, ...]', request, true],
    ['[a, b]', request, false],
    ['[..., request = "GET *", status, bytes]', request, true],
  ];
  for (const [pattern, message, expected] of cases)
    test(`${pattern || 'nothing'} ${expected ? 'takes' : 'leaves'} ${message}`, (t: TestContext) => {
      t.assert.strictEqual(matches(pattern, message), expected);
    });

  for (const broken of [
    '{ $.a = }',
    '{ $.a',
    '{ a = 1 }',
    '[a, b',
    '"open',
    '%(%',
    '%a{999}%',
    '{ $.a = 1 } x',
    '%*%',
    '%[z-a]%',
  ])
    test(`${broken} is refused`, (t: TestContext) => {
      t.assert.throws(() => toPattern(broken), PatternError);
    });

  test('a match tells the values of selectors and columns', (t: TestContext) => {
    t.assert.strictEqual(toPattern('{ $.ms > 1 }').match('{"ms":7}')?.value('$.ms'), 7);
    t.assert.strictEqual(toPattern('[..., status, bytes]').match(request)?.value('$bytes'), '1534');
    t.assert.strictEqual(toPattern('x').match('x')?.value('$.ms'), undefined);
  });

  test('an expression that would keep a backtracking engine busy for ever is done at once', (t: TestContext) => {
    t.assert.strictEqual(matches('%(a+)+$%', `${'a'.repeat(50_000)}b`), false);
  });
});
