import fc from 'fast-check';
import { suite, test, type TestContext } from 'node:test';
import { Constraints, type Model } from './constraints.ts';
import { quirks } from './quirks.ts';
import { serviceInfo, serviceNames } from './services.ts';

/** Values of a shape, about half of them wrong somewhere: too long, too short, of no known word, or absent. */
function valuesOf(model: Model, shape: string, depth = 0): fc.Arbitrary<unknown> {
  const structure = model.structures[shape];
  if (structure !== undefined) {
    if (depth > 3) return fc.constant({});
    const members = Object.fromEntries(
      Object.entries(structure.members).map(([name, member]) => [name, valuesOf(model, member, depth + 1)]),
    );
    return fc.record(members, {
      requiredKeys: [...(structure.required ?? [])].filter((name, index) => index % 5 !== 4 && Object.hasOwn(members, name)),
    });
  }
  const list = model.lists[shape];
  if (list !== undefined)
    return fc.array(fc.option(valuesOf(model, list.of, depth + 1), { nil: undefined, freq: 20 }), { maxLength: 4 });
  const map = model.maps[shape];
  if (map !== undefined) {
    const keys = valuesOf(model, map.key, depth + 1)
      .map((key) => String(key))
      .filter((key) => key !== '__proto__');
    return fc.dictionary(keys, valuesOf(model, map.value, depth + 1), { maxKeys: 3 });
  }
  const simple = model.simple[shape];
  if (simple === undefined) return fc.constantFrom<unknown>(true, 'text', 5);
  if (simple.type === 'blob') return fc.uint8Array({ maxLength: 6 });
  if (simple.type !== 'string' && simple.type !== 'enum')
    return fc.oneof(
      fc.integer({ min: -2, max: 12 }),
      fc.constantFrom(simple.min ?? 0, simple.max ?? 1, (simple.max ?? 1) + 1, 0.5),
    );
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        ...(simple.enum ?? ['a', 'abc-def_1', '123456789012', 'arn:aws:lambda:us-east-1:123456789012:function:f', '$LATEST']),
      ),
    },
    { weight: 2, arbitrary: fc.string({ maxLength: 8 }) },
    { weight: 1, arbitrary: fc.constantFrom('', 'x'.repeat((simple.max ?? 10) < 5_000 ? (simple.max ?? 10) + 1 : 5), 'ü\n') },
  );
}

suite('checking without words', { timeout: 120_000 }, () => {
  for (const service of serviceNames) {
    test(`${service}: what is accepted has no violation, and what is not has one`, async (t: TestContext) => {
      const model = (await serviceInfo(service).model()) as Model;
      const constraints = new Constraints(model, quirks[service] ?? {});
      let accepted = 0;
      let refused = 0;
      for (const [operation, shape] of Object.entries(model.operations)) {
        fc.assert(
          fc.property(valuesOf(model, shape), (input) => {
            const fine = constraints.accepts(operation, input as object);
            if (fine) accepted += 1;
            else refused += 1;
            t.assert.strictEqual(fine, constraints.violations(operation, input as object).length === 0, operation);
          }),
          { numRuns: 12 },
        );
      }
      t.assert.ok(accepted > 0 && refused > 0, `${accepted} accepted, ${refused} refused`);
    });
  }
});
