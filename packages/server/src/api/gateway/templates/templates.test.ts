import { suite, test, type TestContext } from 'node:test';
import { seeded } from '../../../../../../test/fault/load.ts';
import { compileTemplate, jsonPath, TemplateFault, type Rendered } from './index.ts';

interface Given {
  readonly body?: unknown;
  readonly context?: Readonly<Record<string, unknown>>;
  readonly variables?: Readonly<Record<string, string>>;
}

const params = { path: { id: '1' }, querystring: { q: 'a b', id: 'hidden' }, header: { 'X-One': 'yes' } };

const run = (text: string, { body = {}, context = {}, variables = {} }: Given = {}): Rendered =>
  compileTemplate(text).render({
    body: typeof body === 'string' ? body : JSON.stringify(body),
    params,
    context,
    stageVariables: variables,
  });
const made = (text: string, given?: Given): string => run(text, given).text;

suite('mapping templates', { timeout: 60_000 }, () => {
  for (const [text, wanted, given] of [
    ['plain $ text # and 5$ #1 $1', 'plain $ text # and 5$ #1 $1'],
    ['$input.body', '{"a":1}', { body: '{"a":1}' }],
    ["$input.json('$.a.b')", '[1,{"c":"ä"}]', { body: { a: { b: [1, { c: 'ä' }] } } }],
    ["$input.json('$.nothing')|$input.path('$.nothing')|", '||'],
    ["$input.path('$.a').b[1] $input.path('$.a.b[0]')", 'y x', { body: { a: { b: ['x', 'y'] } } }],
    ["$input.params('id') $input.params('q') $input.params('x-one') $input.params('none')!", '1 a b yes !'],
    ["$input.params().querystring.get('q') $input.params().path.id", 'a b 1'],
    ['$context.identity.sourceIp $context.none.deeper|', '1.2.3.4 |', { context: { identity: { sourceIp: '1.2.3.4' } } }],
    ["$stageVariables.a ${stageVariables.get('a')} $stageVariables['a']", 'x x x', { variables: { a: 'x' } }],
    ['$nothing $!nothing ${nothing} $!{nothing}|', '$nothing  ${nothing} |'],
    ['#set($a = 1)$a \\$a ${a}b $a.b', '1 $a 1b '],
    ["#set($a = \"x${input.params('id')}y\")#set($b = '$a')$a $b", 'x1y $a'],
    ["#set($a = 'it''s')$a", "it's"],
    ['a  #set($x = 1)  \nb', 'ab'],
    ['#if(true)\n  yes\n#else\n  no\n#end\n!', '  yes\n!'],
    ['#if($input.path("$.a") == "x")1#elseif($input.path("$.a") == \'y\')2#{else}3#end', '2', { body: { a: 'y' } }],
    ['#set($n = $input.path("$.n"))$n #if($n == $null)null#end #if($n == "")empty#end #if(!$n)not#end', ' null empty not'],
    ['#foreach($e in ["a", "b", \'c\'])$foreach.index:$e#if($foreach.hasNext),#end#end', '0:a,1:b,2:c'],
    ['#foreach($i in [1..3])$velocityCount$i #end#foreach($i in [2..0])$i#end', '11 22 33 210'],
    ['#foreach($i in [1..9])#if($i > 2)#break#end$i#end after', '12 after'],
    ['one#stop two', 'one'],
    ['#foreach($k in $input.path("$").keySet())$k=$input.path("$").get($k);#end', 'a=1;b=2;', { body: { a: 1, b: 2 } }],
    ['#foreach($e in $input.path("$").entrySet())$e.key$e.getValue()#end', 'a1', { body: { a: 1 } }],
    [
      '#set($m = {"a": 1, "b": [1, 2]})#set($m.c = "x")#set($d = $m.put("d", true))$m $m.size()',
      '{a=1, b=[1, 2], c=x, d=true} 4',
    ],
    ['#set($l = [])#set($x = $l.add("a"))#set($x = $l.add(2))$l $l.size() $l.get(1) $l[0]', '[a, 2] 2 2 a'],
    ['#set($x = 7 / 2)$x|#set($y = 7.5 / 2)$y|#set($z = 2 + 3 * 4 - 1)$z|#set($r = 7 % 4)$r|#set($n = -$z)$n', '3|3.75|13|3|-13'],
    ['#if(1 < 2 && !(2 >= 3) || false)a#end#if(1 gt 2 or not (1 ne 1))b#end#if("a" eq "a" and 1 le 1)c#end', 'abc'],
    [
      '#set($s = "Hello World")$s.length() $s.substring(6) $s.toLowerCase().replace("o", "0") $s.contains("lo W")',
      '11 World hell0 w0rld true',
    ],
    ["#set($s = 'a1b22c')$s.replaceAll('[0-9]+', '<$0>') $s.split('[0-9]+').size() $s.matches('[a-c0-9]*')", 'a<1>b<22>c 3 true'],
    ['#set($s = "a,b")#foreach($p in $s.split(","))[$p]#end', '[a][b]'],
    ['$util.escapeJavaScript($input.path("$.s"))', '\\"a\\\'\\n\\u00E4\\/\\\\', { body: { s: '"a\'\nä/\\' } }],
    [
      '$util.urlEncode("a b&ä") $util.urlDecode("a+b%26") $util.base64Encode("hi") $util.base64Decode("aGk=")',
      'a+b%26%C3%A4 a b& aGk= hi',
    ],
    ['$util.parseJson($input.path("$.t")).a[0]', '5', { body: { t: '{"a":[5]}' } }],
    ['## a comment\nx#* and\nanother *#y#[[ $not #read ]]#', 'xy $not #read '],
    ['{"n": $input.path("$.n"), "t": "$input.path(\'$.t\')"}', '{"n": 1.5, "t": "x"}', { body: { n: 1.5, t: 'x' } }],
    ['Action=SendMessage&MessageBody=$input.body', 'Action=SendMessage&MessageBody={}', { body: '{}' }],
  ] as readonly (readonly [string, string, Given?])[])
    test(JSON.stringify(text), (t: TestContext) => t.assert.equal(made(text, given), wanted));

  test('maps are written as in Java, lists that came as JSON as JSON', (t: TestContext) => {
    const path = (body: unknown, expression: string): string => made(`$input.path("${expression}")`, { body });
    t.assert.equal(path({ foo: 'bar' }, '$'), '{foo=bar}');
    t.assert.equal(path([{ foo: 'bar' }], '$'), '[{"foo":"bar"}]');
    t.assert.equal(path([{ foo: 'bar' }], '$[0]'), '{foo=bar}');
    t.assert.equal(path({ foo: [{ nested: 'bar' }] }, '$'), '{foo=[{"nested":"bar"}]}');
    t.assert.equal(path({ bigger: 'dict', to: 'test', with: 'separators' }, '$'), '{bigger=dict, to=test, with=separators}');
    t.assert.equal(path({ a: [] }, '$.a'), '[]');
  });

  test('what is set at the overrides of the context is told beside the text', (t: TestContext) => {
    const text = `#set($context.requestOverride.header.X-A = "1")#set($context.requestOverride.path.id = $input.path("$.id"))
#set($context.responseOverride.status = 444)#set($context.responseOverride.header["X-B"] = "2")text`;
    const { text: rest, ...overrides } = run(text, { body: { id: 7 } });
    t.assert.equal(rest, 'text');
    t.assert.deepEqual(JSON.parse(JSON.stringify(overrides)), {
      requestOverride: { header: { 'X-A': '1' }, path: { id: 7 } },
      responseOverride: { status: 444, header: { 'X-B': '2' } },
    });
    t.assert.deepEqual(run('text'), { text: 'text' });
  });

  test('nothing of the engine can be reached', (t: TestContext) => {
    for (const text of [
      '$input.constructor',
      '$input.body.constructor',
      "$input.path('$').constructor",
      '$context.__proto__',
      '$util.host',
      '$util.method',
      "$input.path('$.__proto__')",
      "#set($m = {})$m.constructor $m['constructor'] $m.size",
    ])
      t.assert.ok(!/function|native|\[object/.test(made(text)), `${text}: ${made(text)}`);
    for (const text of [
      '$input.constructor("return process")',
      '$input.body.constructor("x")',
      '#set($m = {})$m.forEach("x")',
      '#set($l = [1])$l.map("x")',
      '$util.valueOf()',
      '#set($input = 1)',
      '#set($a.b.c = 1)',
    ])
      t.assert.throws(() => made(text), TemplateFault, text);
  });

  test('a template has an end', (t: TestContext) => {
    const loop = (body: string): string =>
      `#foreach($i in [1..900])#foreach($j in [1..900])#foreach($k in [1..900])${body}#end#end#end`;
    const hostile: readonly string[] = [
      loop('x'),
      loop(''),
      `#set($a = "xxxxxxxxxx")${'#set($a = "$a$a")'.repeat(60)}$a`,
      `#set($a = "xxxxxxxxxx")${'#set($a = $a.replaceAll("x", "$0$0$0$0$0$0$0$0"))'.repeat(20)}`,
      `#set($a = "x")#foreach($i in [1..900])#set($a = $a.concat($a))#end`,
      '#set($l = [1])#foreach($i in [1..900])#set($x = $l.addAll($l))#end',
      '#set($m = {})#set($x = $m.put("m", $m))$m',
      '#set($l = [])#set($x = $l.add($l))$l #if($l == $l)#end',
      `#set($m = {"a": 1})${'#set($m = {"a": $m, "b": $m})'.repeat(60)}$m`,
      `#set($s = "${'a'.repeat(5000)}!")#foreach($i in [1..900])$s.matches("(a+)+b")#end`,
      `#set($s = "${'a'.repeat(5000)}")#foreach($i in [1..900])#foreach($j in [1..900])#if($s.contains("b"))#end#end#end`,
      `#foreach($i in [1..900])#foreach($j in [1..900])#set($r = [1..9000])#end#end`,
      '[1..99999999]#set($r = [1..99999999])',
      `$input.path('$')`,
      `$input.json('$')`,
      '#if('.repeat(5000),
      `#set($x = ${'('.repeat(5000)}1${')'.repeat(5000)})`,
      `#set($x = ${'!'.repeat(5000)}true)`,
      '#if(true)'.repeat(3000),
      `#set($x = "${'#foreach($i in [1..3])'.repeat(50)}")`,
    ];
    const deep = '['.repeat(50_000) + ']'.repeat(50_000);
    for (const text of hostile) {
      const startedAt = performance.now();
      t.assert.throws(() => made(text, { body: deep }), TemplateFault, text.slice(0, 60));
      t.assert.ok(performance.now() - startedAt < 10_000, text.slice(0, 60));
    }
  });

  test('damaged templates come to a text or to a fault of theirs', (t: TestContext) => {
    const seed = Number(process.env['MAYFLY_SEED'] ?? Date.now() % 1e9);
    t.diagnostic(`seed ${seed}`);
    const chance = seeded(seed);
    const parts = [
      ...[
        '#set($a = ',
        '#if(',
        '#foreach($i in ',
        '#end',
        '#else',
        '#elseif(',
        ')',
        '(',
        '[',
        ']',
        '{',
        '}',
        '"',
        "'",
        '\n',
        ' ',
      ],
      ...[
        '$a',
        '$i',
        '$!a',
        '${a}',
        '$input.path("$.x")',
        '$input.json("$..*")',
        '$util.parseJson($a)',
        '.get(',
        '.size()',
        '..',
        ',',
      ],
      ...[
        '== ',
        '&& ',
        '+ ',
        '1',
        '-2',
        'true',
        '##',
        '#*',
        '*#',
        '#[[',
        ']]#',
        '\\',
        '$',
        '#',
        '$context.x',
        '.y',
        ':',
        '!',
        '%',
        '/',
      ],
    ];
    for (let round = 0; round < 5000; round += 1) {
      const text = Array.from({ length: 1 + Math.floor(chance() * 14) }, () => parts[Math.floor(chance() * parts.length)]).join(
        '',
      );
      try {
        t.assert.equal(typeof made(text, { body: { x: [1, { y: 'z' }] } }), 'string');
      } catch (error) {
        t.assert.ok(error instanceof TemplateFault, `${JSON.stringify(text)}: ${String(error)}`);
      }
    }
  });
});

suite('JSONPath', () => {
  const value = { a: { 'b c': [1, 2, 3], d: [{ e: 'x' }, { e: 'y' }] }, e: 'z' };
  for (const [expression, wanted] of [
    ['$', value],
    ['$.a["b c"][0]', 1],
    ["$['a']['b c'][-1]", 3],
    ['$.a.d[*].e', ['x', 'y']],
    ['$..e', ['z', 'x', 'y']],
    ["$.a['b c'][0:2]", [1, 2]],
    ['$.a.none.deeper', undefined],
    ['$.constructor', undefined],
    ['$.a.d.length', undefined],
    ['a.d[1].e', 'y'],
  ] as const)
    test(expression, (t: TestContext) => t.assert.deepEqual(jsonPath(value, expression), wanted));

  test('what is no path is said to be none', (t: TestContext) => {
    for (const text of ['$.a[?(@.e)]', '$.[', '$..', '$.a b', '$[', '$.a..'])
      t.assert.throws(() => jsonPath(value, text), TemplateFault, text);
  });
});
