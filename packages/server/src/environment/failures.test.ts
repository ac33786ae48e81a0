import { suite, test, type TestContext } from 'node:test';
import { errorTypeOf } from './failures.ts';

suite('error types a function tells', () => {
  test("names of exceptions pass, the platform's own are kept in shape, and nobody speaks for the sandbox", (t: TestContext) => {
    const told = {
      KeyError: 'KeyError',
      'java.lang.RuntimeException': 'java.lang.RuntimeException',
      'Function<StandardError>': 'Function<StandardError>',
      'Runtime.ImportModuleError': 'Runtime.ImportModuleError',
      'Runtime.with space': 'Runtime.Unknown',
      'Runtime.lower': 'Runtime.Unknown',
      'Function.9': 'Function.Unknown',
      'Sandbox.Timedout': 'Runtime.Unknown',
      'Extension.Crash': 'Runtime.Unknown',
      'Status: success\tREPORT': 'Runtime.Unknown',
      '': 'Runtime.Unknown',
    };
    for (const [raw, kept] of Object.entries(told)) t.assert.equal(errorTypeOf(raw), kept, raw);
    t.assert.equal(errorTypeOf(undefined), 'Runtime.Unknown');
    t.assert.equal(errorTypeOf('x'.repeat(129)), 'Runtime.Unknown');
  });
});
