import fc from 'fast-check';
import { suite, test, type TestContext } from 'node:test';
import { transformSam } from '../../../packages/server/src/services/cloudformation/sam/index.ts';
import { casesIn, files, type Fields } from './cases.ts';

const cases = files.flatMap((file) => [...casesIn(file).values()]);
const place = { parameters: {}, region: 'us-east-1', account: '123456789012', partition: 'aws', managedPolicy: () => undefined };

/** Ways to every value of a template. */
function* waysIn(value: unknown, way: readonly string[] = []): Generator<readonly string[]> {
  if (way.length > 0) yield way;
  if (typeof value !== 'object' || value === null) return;
  for (const [name, each] of Object.entries(value)) yield* waysIn(each, [...way, name]);
}

/** A copy of the template with something else in one place. */
function damaged(template: Fields, way: readonly string[], by: unknown): Fields {
  const copy = structuredClone(template);
  const parent = way.slice(0, -1).reduce<Fields>((value, name) => value[name] as Fields, copy);
  parent[way.at(-1) ?? ''] = by;
  return copy;
}

suite('damaged templates of SAM', () => {
  test('come to something, or to a fault of the template; never to one of ours', (t: TestContext) => {
    const anything = fc.oneof(
      fc.constantFrom(
        '',
        'constructor',
        '__proto__',
        'AWS::NoValue',
        null,
        true,
        0,
        [],
        {},
        [[]],
        [{}],
        { Ref: {} },
        { Ref: 'F' },
      ),
      fc.constantFrom<unknown>(
        { 'Fn::If': [] },
        { 'Fn::Sub': {} },
        { 'Fn::GetAtt': 'F' },
        { 'Fn::GetAtt': [] },
        { 'Fn::Sub': [] },
      ),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const damage = fc
      .constantFrom(...cases)
      .chain(({ template }) => fc.tuple(fc.constant(template), fc.constantFrom(...waysIn(template)), anything));
    fc.assert(
      fc.property(damage, ([template, way, by]) => {
        try {
          transformSam(damaged(template, way, by), place);
        } catch (error) {
          t.assert.equal((error as Error).name, 'ValidationError', `${way.join('.')}: ${String((error as Error).stack)}`);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
