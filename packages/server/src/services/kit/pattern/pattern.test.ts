import { suite, test, type TestContext } from 'node:test';
import { array, assert as holds, constantFrom, property, string } from 'fast-check';
import { reachOf } from './wildcard-reach.ts';
import { compilePattern, parsePattern, PatternError, sourceOf } from './index.ts';

const cases: readonly (readonly [pattern: object, yes: readonly unknown[], no: readonly unknown[]])[] = [
  [
    { a: ['x', 1, null, true] },
    [{ a: 'x' }, { a: 1 }, { a: null }, { a: true }, { a: ['q', 'x'] }],
    [{ a: 'X' }, { a: '1' }, {}, { a: [] }, { b: 'x' }],
  ],
  [
    { a: { b: [1] }, c: ['y'] },
    [
      { a: { b: 1 }, c: 'y' },
      { 'a.b': 1, c: 'y' },
    ],
    [{ a: { b: 1 } }, { a: 1, c: 'y' }],
  ],
  [{ a: [{ prefix: 'ab' }] }, [{ a: 'abc' }], [{ a: 'Abc' }, { a: 5 }]],
  [{ a: [{ prefix: { 'equals-ignore-case': 'AB' } }] }, [{ a: 'abc' }], [{ a: 'bab' }]],
  [{ a: [{ suffix: '.png' }] }, [{ a: 'x.png' }], [{ a: 'x.PNG' }]],
  [{ a: [{ suffix: { 'equals-ignore-case': '.png' } }] }, [{ a: 'x.PNG' }], [{ a: 'png' }]],
  [{ a: [{ 'equals-ignore-case': 'Alice' }] }, [{ a: 'ALICE' }], [{ a: 'Alic' }]],
  [{ a: [{ 'anything-but': 'x' }] }, [{ a: 'y' }, { a: ['x', 'y'] }, { a: 5 }], [{ a: 'x' }, {}]],
  [{ a: [{ 'anything-but': ['x', 'y'] }] }, [{ a: 'z' }], [{ a: 'y' }]],
  [{ a: [{ 'anything-but': [100, 200] }] }, [{ a: 300 }], [{ a: 100 }]],
  [{ a: [{ 'anything-but': { prefix: 'x' } }] }, [{ a: 'yx' }], [{ a: 'xy' }, {}]],
  [{ a: [{ 'anything-but': { suffix: ['.a', '.b'] } }] }, [{ a: 'q.c' }], [{ a: 'q.b' }]],
  [{ a: [{ 'anything-but': { 'equals-ignore-case': ['X'] } }] }, [{ a: 'y' }], [{ a: 'x' }]],
  [{ a: [{ 'anything-but': { wildcard: '*/lib/*' } }] }, [{ a: 'a/bin/b' }], [{ a: 'a/lib/b' }]],
  [{ a: [{ numeric: ['>', 0, '<=', 5] }] }, [{ a: 5 }, { a: 0.1 }], [{ a: 0 }, { a: '3' }, { a: 6 }]],
  [{ a: [{ numeric: ['=', 3] }] }, [{ a: 3.0 }], [{ a: 4 }]],
  [{ a: [{ numeric: ['<', -1] }] }, [{ a: -2 }], [{ a: -1 }]],
  [{ a: [{ exists: true }] }, [{ a: null }, { a: '' }], [{}, { a: { b: 1 } }]],
  [{ a: [{ exists: false }] }, [{}, { b: 1 }], [{ a: 0 }]],
  [{ a: { b: [{ exists: false }] } }, [{ a: {} }, {}], [{ a: { b: 1 } }]],
  [{ a: [{ exists: false }, 'x'] }, [{}, { a: 'x' }], [{ a: 'y' }]],
  [{ ip: [{ cidr: '10.0.0.0/24' }] }, [{ ip: '10.0.0.255' }], [{ ip: '10.0.1.0' }, { ip: 'ten' }, { ip: '::1' }]],
  [{ ip: [{ cidr: '2001:db8::/32' }] }, [{ ip: '2001:db8:1::5' }], [{ ip: '2001:db9::' }]],
  [
    { a: [{ wildcard: 'dir/*/file*.txt' }] },
    [{ a: 'dir/x/y/file1.txt' }, { a: 'dir//file.txt' }],
    [{ a: 'dir/file.txt' }, { a: 'dir/x/file.txtx' }],
  ],
  [{ a: [{ wildcard: String.raw`a\*b*` }] }, [{ a: 'a*bc' }], [{ a: 'axbc' }]],
  [
    { $or: [{ a: [1] }, { b: { c: [2] } }], d: [3] },
    [
      { a: 1, d: 3 },
      { b: { c: 2 }, d: 3 },
    ],
    [{ a: 1 }, { a: 2, d: 3 }],
  ],
  [
    { items: { id: [1], ok: [true] } },
    [
      {
        items: [
          { id: 2, ok: true },
          { id: 1, ok: true },
        ],
      },
    ],
    [
      {
        items: [
          { id: 1, ok: false },
          { id: 2, ok: true },
        ],
      },
    ],
  ],
];

const refused: readonly (readonly [string, RegExp])[] = [
  ['nonsense', /^Unrecognized token 'nonsense'/],
  ['[]', /not an object/],
  ['{"key":[["value"]]}', /^Match value must be String, number, true, false, or null$/],
  ['{"key":[{"wrong-operator":true}]}', /^Unrecognized match type wrong-operator$/],
  ['{"key":[{"suffix":"value","prefix":"value2"}]}', /^Only one key allowed in match expression$/],
  ['{"key":[{"anything-but":["a",1]}]}', /either all values are number or string, mixed type is not supported$/],
  ['{"key":[]}', /^Empty arrays are not allowed$/],
  ['{"key":[{"suffix":100}]}', /^suffix match pattern must be a string$/],
  ['{"key":{"suffix":"value"}}', /^"suffix" must be an object or an array$/],
  ['{"key":[{"cidr":"bad"}]}', /^Malformed CIDR, one '\/' required$/],
  ['{"key":[{"numeric":["<",1,">",2]}]}', /Too many elements/],
  ['{"key":[{"numeric":[">",2,"<",1]}]}', /Bottom must be less than top/],
  ['{"key":[{"numeric":[]}]}', /^Invalid member in numeric match: \]$/],
  ['{"key":[{"numeric":["=","5"]}]}', /^Value of equals must be numeric$/],
  ['{"key":[{"numeric":[">",1,5,2]}]}', /^Bad value in numeric range: 5$/],
  ['{"key":[{"numeric":[">",1,"=",2]}]}', /^Bad numeric range operator: =$/],
  ['{"key":[{"numeric":[">",1,"<"]}]}', /^Value of < must be numeric$/],
  ['{"key":[{"numeric":[">",1,"<",2,3]}]}', /^Too many terms in numeric range expression$/],
  ['{"key":[{"wildcard":"a**b"}]}', /^Consecutive wildcard characters at pos 2$/],
  [`${'{"a":'.repeat(100)}[1]${'}'.repeat(100)}`, /nested more than/],
];

suite('patterns', () => {
  for (const [pattern, yes, no] of cases) {
    test(`${JSON.stringify(pattern)} takes what it should and nothing else`, (t: TestContext) => {
      const compiled = compilePattern(pattern);
      for (const event of yes) t.assert.ok(compiled.matches(event), `takes ${JSON.stringify(event)}`);
      for (const event of no) t.assert.ok(!compiled.matches(event), `leaves ${JSON.stringify(event)}`);
    });
  }

  for (const [text, message] of refused) {
    test(`${text.slice(0, 60)} is refused in AWS's words`, (t: TestContext) => {
      t.assert.throws(() => parsePattern(text), { name: 'PatternError', message });
    });
  }

  test('an empty pattern is refused unless the caller takes everything', (t: TestContext) => {
    t.assert.throws(() => parsePattern('{}'), { name: 'PatternError' });
    t.assert.ok(parsePattern('{}', { allowEmpty: true }).matches({ any: 1 }));
  });

  test('a wildcard takes what a regular expression would', (t: TestContext) => {
    holds(
      property(
        array(constantFrom('a', 'b', '*'), { maxLength: 8 }),
        string({ unit: constantFrom('a', 'b'), maxLength: 12 }),
        (pieces, text) => {
          const pattern = pieces.join('').replaceAll(/\*+/g, '*');
          const expected = new RegExp(`^${pattern.replaceAll('*', '[^]*')}$`).test(text);
          t.assert.strictEqual(compilePattern({ a: [{ wildcard: pattern }] }).matches({ a: text }), expected);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('hostile wildcards are quick', (t: TestContext) => {
    const compiled = compilePattern({ a: [{ wildcard: '*a'.repeat(500) + '*b' }] });
    const since = performance.now();
    t.assert.ok(!compiled.matches({ a: 'a'.repeat(200_000) }));
    t.assert.ok(performance.now() - since < 1000);
  });

  test('names from the prototype are no fields', (t: TestContext) => {
    t.assert.ok(!parsePattern('{"constructor":{"name":["Object"]}}').matches({}));
    t.assert.ok(!parsePattern('{"__proto__":{"a":[1]}}').matches({ a: 1 }));
  });
});

suite('how much wildcards reach at once', () => {
  const cases: readonly (readonly [wildcards: readonly string[], reach: number])[] = [
    [['plain'], 0],
    [['*'], 1],
    [['1*2345'], 2],
    [['1*2345', '1*2345'], 2],
    [['*', 'ab*c'], 3],
    [['ab*c', 'cd*e'], 2],
    [['a*aa'], 3],
    [['/Users/*/dir/dir/dir/dir/dir/doc.txt'], 7],
    [['*/datasync/*.bif', '*/datasync/*.tif'], 7],
    [['*a*a*a*a*a*a'], 12],
  ];
  for (const [wildcards, reach] of cases)
    test(`${wildcards.join(' and ')}: ${reach}`, (t: TestContext) => t.assert.equal(reachOf(wildcards), reach));

  test('a rule that reaches too far is refused, in whatever field and however negated', (t: TestContext) => {
    const options = { wildcardReach: 10 };
    const wide = '*a*a*a*a*a*a';
    for (const condition of [{ wildcard: wide }, { 'anything-but': { wildcard: [wide] } }]) {
      const pattern = JSON.stringify({ $or: [{ a: [condition] }, { b: ['x'] }] });
      t.assert.throws(() => parsePattern(pattern, options), { name: 'PatternError', message: /^Rule is too complex - / });
      t.assert.ok(parsePattern(pattern).matches({ b: 'x' }), 'without a limit');
    }
    t.assert.ok(parsePattern('{"a":[{"wildcard":"*.tif"}, {"prefix": "x"}, null, 5]}', options).matches({ a: null }));
  });

  test('a long one is judged quickly', (t: TestContext) => {
    const before = process.cpuUsage();
    t.assert.ok(reachOf(['*' + 'ab'.repeat(1_000)]) > 100);
    t.assert.ok(reachOf(['*' + Array.from({ length: 700 }, (_, index) => `${index},`).join('')]) < 10);
    t.assert.ok(reachOf(Array.from({ length: 600 }, (_, index) => `${index}*a${index}`)) > 1);
    t.assert.ok(process.cpuUsage(before).user < 1_000_000);
  });

  test('it is what trying every text finds', () => {
    const pieces = array(constantFrom('a', 'b', '*'), { minLength: 1, maxLength: 5 }).map((all) =>
      all.join('').replaceAll(/\*+/g, '*'),
    );
    // Of every length up to ten, in two letters.
    const texts = Array.from({ length: 2 ** 11 - 1 }, (_, number) =>
      (number + 1).toString(2).slice(1).replaceAll('0', 'a').replaceAll('1', 'b'),
    );
    holds(
      property(array(pieces, { minLength: 1, maxLength: 2 }), (wildcards) => {
        const prefixes = new Set(
          wildcards.flatMap((wildcard, of) =>
            // Up to its first star a wildcard shares what it knows with others; behind it, it is alone.
            Array.from(wildcard, (_, index) => wildcard.slice(0, index + 1))
              .filter((prefix) => prefix.includes('*'))
              .map((prefix) =>
                prefix.indexOf('*') === prefix.length - 1 ? prefix : `${wildcards.indexOf(wildcard) < of ? '' : of}|${prefix}`,
              )
              .filter((prefix) => !prefix.startsWith('|')),
          ),
        );
        const tests = [...prefixes].map((prefix) => new RegExp(`^${(prefix.split('|').at(-1) ?? '').replaceAll('*', '.*')}$`));
        const most = Math.max(0, ...texts.map((text) => tests.filter((each) => each.test(text)).length));
        return reachOf(wildcards) === most;
      }),
    );
  });
});

suite('the place of what is wrong in a pattern', () => {
  const placeOf = (text: string): string => {
    try {
      parsePattern(text);
    } catch (error) {
      if (error instanceof PatternError) return `${error.message}${sourceOf(error, text)}`;
      throw error;
    }
    return '';
  };

  test('is where a reader of JSON stands', (t) => {
    const source = (text: string, column: number): string => `\n at [Source: (String)"${text}"; line: 1, column: ${column}]`;
    const cases: readonly (readonly [string, string, number])[] = [
      ['{"int": 42}', '"int" must be an object or an array', 11],
      ['{"resources": []}', 'Empty arrays are not allowed', 17],
      ['{"key":[{"numeric":[">","a"]}]}', 'Value of > must be numeric', 26],
      ['{"key":[{"numeric":[">"]}]}', 'Value of > must be numeric', 25],
      ['{"key":[["value"]]}', 'Match value must be String, number, true, false, or null', 10],
      ['{"key":[{"suffix":"value","prefix":"value2"}]}', 'Only one key allowed in match expression', 37],
      ['["not", "a", "dict"]', 'Filter is not an object', 2],
      [
        '{"not": closed mark"',
        "Unrecognized token 'closed': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
        15,
      ],
    ];
    for (const [text, message, column] of cases) t.assert.equal(placeOf(text), `${message}${source(text, column)}`);
  });

  test('counts lines, and is found behind texts that look like JSON', (t) => {
    t.assert.match(placeOf('{"a": ["}],{"],\n "b": [{"prefix": 1}]}'), /line: 2, column: 20\]$/);
  });
});

test('a name with dots is the way to a field, in patterns and in events', (t) => {
  const deep = { a: { b: { c: 1 } } };
  for (const pattern of ['{"a.b.c": [1]}', '{"a": {"b.c": [1]}}', '{"a.b": {"c": [1]}}', '{"a": {"b": {"c": [1]}}}']) {
    for (const event of [deep, { 'a.b.c': 1 }, { 'a.b': { c: 1 } }, { a: { 'b.c': 1 } }])
      t.assert.equal(parsePattern(pattern).matches(event), true, `${pattern} ${JSON.stringify(event)}`);
    t.assert.equal(parsePattern(pattern).matches({ a: { b: 1 } }), false);
  }
});
