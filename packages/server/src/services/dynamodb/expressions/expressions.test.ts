import fc from 'fast-check';
import { suite, test } from 'node:test';
import { add, canonicalNumber, compareNumbers, parseNumber, printNumber } from '../number.ts';
import { keyBytes } from '../key-bytes.ts';
import type { Item, Value } from '../value.ts';
import { decodeItem, encodeItem } from '../stored.ts';
import { equalItems, readItem } from '../value.ts';
import { applyUpdate } from './apply-update.ts';
import { holds } from './evaluate.ts';
import { parseCondition } from './parse-condition.ts';
import { parseProjection, project } from './projection.ts';
import { parseUpdate } from './parse-update.ts';
import { Placeholders } from './placeholders.ts';

const item: Item = readItem({
  id: { S: 'x' },
  n: { N: '5' },
  row1: { L: [{ N: '1' }, { N: '2' }, { N: '3' }] },
  doc: { M: { a: { S: 'deep' }, b: { L: [{ M: { c: { BOOL: true } } }] } } },
  set: { SS: ['p', 'q'] },
});

const names = { '#n': 'n', '#name': 'name', '#size': 'size' };
const values = {
  ':5': { N: '5' },
  ':6': { N: '6' },
  ':s': { S: 'de' },
  ':p': { S: 'p' },
  ':t': { S: 'SS' },
  ':set': { SS: ['q'] },
  ':list': { L: [{ N: '9' }] },
  ':b': { BOOL: true },
};
const placeholders = () => new Placeholders(names, values);
const check = (text: string): boolean => holds(parseCondition('ConditionExpression', text, placeholders()), item);
const update = (text: string): Item => applyUpdate(item, parseUpdate(text, placeholders()));

suite('expressions', { timeout: 60_000 }, () => {
  test('conditions hold or do not', (t) => {
    for (const [text, expected] of [
      ['#n = :5 AND NOT #n = :6', true],
      ['n <> :6 and (n > :6 or n <= :5)', true],
      ['attribute_exists(doc.b[0].c) AND attribute_not_exists(doc.b[1])', true],
      ['begins_with(doc.a, :s)', true],
      ['contains(#set, :p)', false],
      ['size(row1) < :5', true],
      ['n BETWEEN :5 AND :6', true],
      ['n IN (:6, :5)', true],
      ['nothing = :5', false],
      ['nothing <> :5', true],
      ['NOT nothing > :5', true],
      ['doc.b[0].c = :b', true],
    ] as const) {
      const own = text.includes('#set') ? new Placeholders({ '#set': 'nope' }, values) : placeholders();
      t.assert.equal(holds(parseCondition('ConditionExpression', text, own), item), expected, text);
    }
  });

  test('updates change what they name and see the item as it was', (t) => {
    t.assert.deepEqual(update('SET a = n + :6, n = :6 REMOVE row1[0], row1[2] ADD extra :5 DELETE nope :set')['row1'], {
      L: [{ N: '2' }],
    });
    const swapped = update('SET n = row1[0], row1[0] = n');
    t.assert.deepEqual([swapped['n'], swapped['row1']], [{ N: '1' }, { L: [{ N: '5' }, { N: '2' }, { N: '3' }] }]);
    t.assert.deepEqual(update('SET row1 = list_append(row1, :list)')['row1'], { L: ['1', '2', '3', '9'].map((N) => ({ N })) });
    t.assert.deepEqual(update('SET row1[7] = :5')['row1'], { L: ['1', '2', '3', '5'].map((N) => ({ N })) });
    t.assert.deepEqual(update('SET doc.z = if_not_exists(doc.q, :s)')['doc'], {
      M: { ...(item['doc'] as { M: Item }).M, z: { S: 'de' } },
    });
  });

  test('projections pick parts and keep the order of lists', (t) => {
    const picked = project(item, parseProjection('row1[2], row1[0], doc.b[0].c, absent', placeholders()));
    t.assert.deepEqual(picked, {
      row1: { L: [{ N: '1' }, { N: '3' }] },
      doc: { M: { b: { L: [{ M: { c: { BOOL: true } } }] } } },
    });
  });

  test('mistakes are answered in the words of DynamoDB', (t) => {
    for (const [run, message] of [
      [() => check('n = = :5'), 'Invalid ConditionExpression: Syntax error; token: "=", near: "= = :5"'],
      [() => check('n ='), 'Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "="'],
      [() => check(''), 'Invalid ConditionExpression: The expression can not be empty;'],
      [() => check('name = :5'), 'Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: name'],
      [
        () => check('#x = :5'),
        'Invalid ConditionExpression: An expression attribute name used in the document path is not defined; attribute name: #x',
      ],
      [
        () => check('n = :x'),
        'Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: :x',
      ],
      [() => check('foo(n)'), 'Invalid ConditionExpression: Invalid function name; function: foo'],
      [
        () => check('n < :b'),
        'Invalid ConditionExpression: Incorrect operand type for operator or function; operator or function: <, operand type: BOOL',
      ],
      [
        () => check('attribute_exists(:5)'),
        'Invalid ConditionExpression: Operator or function requires a document path; operator or function: attribute_exists',
      ],
      [
        () => check('attribute_type(n, :s)'),
        'Invalid ConditionExpression: Invalid attribute type name found; type: de, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}',
      ],
      [
        () => check('begins_with(n)'),
        'Invalid ConditionExpression: Incorrect number of operands for operator or function; operator or function: begins_with, number of operands: 1',
      ],
      [
        () => update('SET n = :5 SET a = :5'),
        'Invalid UpdateExpression: The "SET" section can only be used once in an update expression;',
      ],
      [
        () => update('SET doc.a = :5, doc = :5'),
        'Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [doc, a], path two: [doc]',
      ],
      [() => update('SET n = nothing'), 'The provided expression refers to an attribute that does not exist in the item'],
      [() => update('SET n = id + :5'), 'An operand in the update expression has an incorrect data type'],
      [() => update('SET nope.where1 = :5'), 'The document path provided in the update expression is invalid for update'],
      [
        () => update('ADD n :s'),
        'Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeset: ALLOWED_FOR_ADD_OPERAND',
      ],
      [
        () => placeholders().checkUsed(),
        'Value provided in ExpressionAttributeNames unused in expressions: keys: {#n, #name, #size}',
      ],
      [() => new Placeholders({}, undefined), 'ExpressionAttributeNames must not be empty'],
      [
        () => new Placeholders(undefined, { ':a': {} }),
        'ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes for key :a',
      ],
    ] as const) {
      t.assert.throws(run, { name: 'ValidationException', message });
    }
  });

  test('any text is an expression or a ValidationException', () => {
    const words = fc.constantFrom(
      'SET',
      'n',
      '=',
      ':5',
      '#n',
      '(',
      ')',
      'AND',
      'NOT',
      'size',
      ',',
      '[',
      '0',
      ']',
      '.',
      '+',
      'REMOVE',
      '"',
      'OR',
      'IN',
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 12 }), (parts) => {
        for (const run of [check, update]) {
          try {
            run(parts.join(' '));
          } catch (error) {
            if ((error as Error).name !== 'ValidationException') throw error;
          }
        }
      }),
    );
  });
});

const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), fc.integer({ min: -120, max: 80 }))
  .map(([digits, power]) => `${digits}e${power}`);

suite('numbers and keys', { timeout: 60_000 }, () => {
  test('a printed number reads back as itself', () => {
    fc.assert(fc.property(decimal, (text) => printNumber(parseNumber(canonicalNumber(text))) === canonicalNumber(text)));
  });

  test('bytes of keys order as their values do', () => {
    const sign = (n: number): number => (n < 0 ? -1 : n > 0 ? 1 : 0);
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        const bytes = Buffer.compare(keyBytes({ N: canonicalNumber(a) }), keyBytes({ N: canonicalNumber(b) }));
        return sign(bytes) === sign(compareNumbers(parseNumber(a), parseNumber(b)));
      }),
    );
  });

  test('sums are exact', () => {
    const small = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
    fc.assert(
      fc.property(
        small,
        small,
        (a, b) => printNumber(add(parseNumber(`${a}e-7`), parseNumber(`${b}e-7`))) === canonicalNumber(`${a + b}e-7`),
      ),
    );
  });

  test('what DynamoDB cannot hold is refused in its words', (t) => {
    for (const [text, message] of [
      ['abc', 'The parameter cannot be converted to a numeric value: abc'],
      ['', 'The parameter cannot be converted to a numeric value'],
      ['1e126', 'Number overflow. Attempting to store a number with magnitude larger than supported range'],
      ['1e-131', 'Number underflow. Attempting to store a number with magnitude smaller than supported range'],
      ['1'.repeat(39), 'Attempting to store more than 38 significant digits in a Number'],
    ] as const) {
      t.assert.throws(() => parseNumber(text), { name: 'ValidationException', message });
    }
  });

  test('stored items read back equal, whatever their names', () => {
    const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.string().map((S) => ({ S })),
        fc.integer().map((n) => ({ N: String(n) })),
        fc.uint8Array({ maxLength: 8 }).map((B) => ({ B })),
        fc.boolean().map((BOOL) => ({ BOOL })),
        fc.array(tie('value'), { maxLength: 3 }).map((L) => ({ L })),
        fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), tie('value'), { maxKeys: 3 }).map((M) => ({ M })),
      ),
    })).value;
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value), (raw) => {
        const read = readItem(raw);
        return equalItems(read, decodeItem(encodeItem(read)));
      }),
    );
  });
});
