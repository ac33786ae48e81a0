import { suite, test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { ServiceFault } from '@mayfly/wire';
import type { AccountId, Region } from '../base/index.ts';
import { parseFunctionName, qualifiedArn, type Scope } from './names.ts';
import { page } from './pages.ts';

const scope: Scope = { account: '111111111111' as AccountId, region: 'us-gov-west-1' as Region };

suite('names of functions', () => {
  const forms = [
    'f',
    'function:f',
    '111111111111:function:f',
    'us-gov-west-1:111111111111:function:f',
    'arn:aws-us-gov:lambda:us-gov-west-1:111111111111:function:f',
  ];
  for (const form of forms)
    for (const qualifier of ['', ':1', ':live', ':$LATEST', ':$LATEST.PUBLISHED'])
      test(`${form}${qualifier} is read`, (t: TestContext) => {
        const expected = qualifier === '' ? { functionName: 'f' } : { functionName: 'f', qualifier: qualifier.slice(1) };
        t.assert.deepStrictEqual(parseFunctionName(form + qualifier, undefined, scope), expected);
      });

  test('whatever is given, the answer is a name or a fault of the caller', () => {
    const part = fc.constantFrom(
      'arn',
      'aws',
      'lambda',
      'function',
      'us-east-1',
      '111111111111',
      '$LATEST',
      'f',
      '',
      '.',
      '-'.repeat(200),
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(part, { maxLength: 9 }).map((parts) => parts.join(':')),
    );
    fc.assert(
      fc.property(texts, fc.option(texts, { nil: undefined }), (name, qualifier) => {
        try {
          parseFunctionName(name, qualifier, scope);
        } catch (error) {
          if (!(error instanceof ServiceFault)) throw error;
        }
      }),
    );
  });

  test('an ARN that is shown is read as what it was made of', () => {
    const names = fc.stringMatching(/^[a-zA-Z0-9-_]{1,64}$/);
    fc.assert(
      fc.property(names, fc.option(names, { nil: undefined }), (functionName, qualifier) => {
        const read = parseFunctionName(qualifiedArn(scope, functionName, qualifier), qualifier, scope);
        return read.functionName === functionName && read.qualifier === qualifier;
      }),
    );
  });
});

suite('pages', () => {
  test('the pages of a list, one after the other, are the list', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string()), fc.integer({ min: 1, max: 60 }), (rows, MaxItems) => {
        const sorted = rows.toSorted();
        const seen: string[] = [];
        let Marker: string | undefined;
        do {
          const one = page(sorted, (row) => row, { Marker, MaxItems });
          seen.push(...one.rows);
          Marker = one.NextMarker;
        } while (Marker !== undefined);
        return JSON.stringify(seen) === JSON.stringify(sorted);
      }),
    );
  });
});
