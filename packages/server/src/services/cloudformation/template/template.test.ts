import { suite, test, type TestContext } from 'node:test';
import { Evaluator, noValue, unknownValue, type Scope } from './evaluate.ts';
import { expandLoops } from './for-each.ts';
import { expandIncludes, hasIncludes } from './include.ts';
import { parseTemplate } from './parse.ts';
import type { Fields, Template } from './template.ts';

const scope = (template: Partial<Template> = {}, more: Partial<Scope> = {}): Scope => ({
  template: { Resources: {}, ...template },
  values: { 'AWS::Region': 'us-east-1', Name: 'n', Items: ['a', 'b', 'c'] },
  reference: (name) => `id of ${name}`,
  attribute: (name, attribute) => `${attribute} of ${name}`,
  imported: (name) => `${name} of another`,
  zones: (region) => [`${region}a`, `${region}b`],
  ...more,
});
const evaluate = (value: unknown, template: Partial<Template> = {}, more: Partial<Scope> = {}): unknown =>
  new Evaluator(scope(template, more)).evaluate(value);

suite('templates', () => {
  test('short forms come to the same as the long ones', (t: TestContext) => {
    const yaml = `
      a: !Ref X
      b: !GetAtt X.Outputs.Y
      c: !Sub ['\${A}', {A: !Base64 text}]
      d: !If [C, !Ref 'AWS::NoValue', [1]]
      e: !Join ['-', [x, y]]
      f: !Equals [a, b]`;
    t.assert.deepEqual(parseTemplate(yaml), {
      a: { Ref: 'X' },
      b: { 'Fn::GetAtt': ['X', 'Outputs.Y'] },
      c: { 'Fn::Sub': ['${A}', { A: { 'Fn::Base64': 'text' } }] },
      d: { 'Fn::If': ['C', { Ref: 'AWS::NoValue' }, [1]] },
      e: { 'Fn::Join': ['-', ['x', 'y']] },
      f: { 'Fn::Equals': ['a', 'b'] },
    });
  });

  test('what looks like a date, an account or a version in YAML is the text that somebody wrote', (t: TestContext) => {
    t.assert.deepEqual(parseTemplate('a: 2012-10-17\nb: 012345678901\nc: 1.10\nd: 5\ne: yes\nf: true'), {
      a: '2012-10-17',
      b: '012345678901',
      c: '1.10',
      d: 5,
      e: 'yes',
      f: true,
    });
  });

  test('snippets stand where they are included, among what stands beside them', async (t: TestContext) => {
    const include = (Location: unknown) => ({ 'Fn::Transform': { Name: 'AWS::Include', Parameters: { Location } } });
    const objects = new Map([
      ['b/a.yaml', 'a: !Ref X'],
      ['b/deep/b.json', '{"b":{"Fn::Transform":{"Name":"AWS::Include","Parameters":{"Location":"s3://b/a.yaml"}}}}'],
    ]);
    const expand = (template: object) =>
      expandIncludes(template as Fields, {
        locate: (written) => evaluate(written),
        read: async (bucket, key) => objects.get(`${bucket}/${key}`) ?? '',
      });
    t.assert.deepEqual(await expand({ x: [include('s3://b/a.yaml')], y: { k: 1, ...include({ 'Fn::Sub': 's3://b/a.yaml' }) } }), {
      x: [{ a: { Ref: 'X' } }],
      y: { k: 1, a: { Ref: 'X' } },
    });
    t.assert.deepEqual(await expand(include('s3://b/deep/b.json')), { b: include('s3://b/a.yaml') });
    t.assert.deepEqual(
      [hasIncludes({ x: [include('')] }), hasIncludes({ x: { 'Fn::Transform': { Name: 'Mine' } } })],
      [true, false],
    );
    await t.assert.rejects(expand(include('https://b/a.yaml')), /not a valid S3 uri/);
    await t.assert.rejects(expand({ x: Array(21).fill(include('s3://b/a.yaml')) }), /more than 20 times/);
  });

  test('functions are worked out from the inside', (t: TestContext) => {
    const cases: readonly (readonly [unknown, unknown])[] = [
      [{ Ref: 'Name' }, 'n'],
      [{ Ref: 'Thing' }, 'id of Thing'],
      [{ 'Fn::GetAtt': ['Thing', 'Arn'] }, 'Arn of Thing'],
      [{ 'Fn::GetAtt': 'Thing.Endpoint.Port' }, 'Endpoint.Port of Thing'],
      [{ 'Fn::Sub': '${Name}/${Thing.Arn}/${!Literal}/${AWS::Region}' }, 'n/Arn of Thing/${Literal}/us-east-1'],
      [{ 'Fn::Sub': ['${A}${Name}', { A: { Ref: 'Thing' } }] }, 'id of Thingn'],
      [{ 'Fn::Join': ['-', ['a', 1, true, { Ref: 'Name' }]] }, 'a-1-true-n'],
      [{ 'Fn::Select': ['1', { 'Fn::Split': ['/', 'x/y/z'] }] }, 'y'],
      [{ 'Fn::Select': [0, { Ref: 'Items' }] }, 'a'],
      [{ 'Fn::Select': [1, { 'Fn::GetAZs': '' }] }, 'us-east-1b'],
      [{ 'Fn::Base64': 'text' }, 'dGV4dA=='],
      [{ 'Fn::ImportValue': { 'Fn::Sub': '${Name}-out' } }, 'n-out of another'],
      [{ 'Fn::Cidr': ['10.0.0.0/16', 2, 8] }, ['10.0.0.0/24', '10.0.1.0/24']],
      [{ 'Fn::Length': { Ref: 'Items' } }, 3],
      [{ 'Fn::ToJsonString': { a: { Ref: 'Name' } } }, '{"a":"n"}'],
      [{ a: [{ Ref: 'AWS::NoValue' }, 1], b: { Ref: 'AWS::NoValue' } }, { a: [1] }],
      [{ Ref: 'AWS::NoValue' }, noValue],
    ];
    for (const [value, expected] of cases) t.assert.deepEqual(evaluate(value), expected, JSON.stringify(value));
  });

  test('conditions and mappings decide', (t: TestContext) => {
    const template: Partial<Template> = {
      Conditions: {
        Here: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'us-east-1'] },
        Both: { 'Fn::And': [{ Condition: 'Here' }, { 'Fn::Not': [{ 'Fn::Equals': ['a', 'b'] }] }] },
        Round: { 'Fn::Not': [{ Condition: 'Round' }] },
      },
      Mappings: { Sizes: { 'us-east-1': { small: 1 } } },
    };
    t.assert.equal(evaluate({ 'Fn::If': ['Both', 'yes', 'no'] }, template), 'yes');
    t.assert.equal(evaluate({ 'Fn::FindInMap': ['Sizes', { Ref: 'AWS::Region' }, 'small'] }, template), 1);
    t.assert.equal(evaluate({ 'Fn::FindInMap': ['Sizes', 'x', 'small', { DefaultValue: 9 }] }, template), 9);
    t.assert.throws(() => evaluate({ 'Fn::FindInMap': ['Sizes', 'x', 'small'] }, template), {
      message: 'Template error: Unable to get mapping for Sizes::x::small',
    });
    t.assert.throws(() => evaluate({ 'Fn::If': ['Round', 1, 2] }, template), { message: /Circular dependency in conditions/ });
    // Policies have conditions of their own.
    const policy = { Condition: { StringEquals: { 'aws:SourceAccount': '1' } } };
    t.assert.deepEqual(evaluate(policy, template), policy);
  });

  test('what is worked out from what is not known yet is not known either', (t: TestContext) => {
    const blind = { reference: () => unknownValue, attribute: () => unknownValue };
    for (const value of [
      { 'Fn::Select': [5, { 'Fn::Split': [':', { 'Fn::GetAtt': ['A', 'Arn'] }] }] },
      { 'Fn::Join': ['', { 'Fn::Split': [':', { Ref: 'A' }] }] },
      { 'Fn::Base64': { 'Fn::Sub': 'x${A}' } },
      { 'Fn::FindInMap': ['M', { Ref: 'A' }, 'b'] },
      { 'Fn::Cidr': [{ 'Fn::GetAtt': ['A', 'CidrBlock'] }, 6, 8] },
    ])
      t.assert.equal(evaluate(value, {}, blind), unknownValue, JSON.stringify(value));
  });

  test('functions in each other come to no more than a bound', (t: TestContext) => {
    let nested: unknown = '"';
    for (let depth = 0; depth < 50; depth += 1) nested = { 'Fn::ToJsonString': [nested] };
    t.assert.throws(() => evaluate(nested), { message: /its functions come to more than/ });
    const long = { values: { Long: 'x'.repeat(4_096) } };
    t.assert.throws(() => evaluate({ 'Fn::Sub': '${Long}'.repeat(20_000) }, {}, long), {
      message: /its functions come to more than/,
    });
    t.assert.throws(() => evaluate({ 'Fn::Join': ['', Array.from({ length: 20_000 }, () => ({ Ref: 'Long' }))] }, {}, long), {
      message: /its functions come to more than/,
    });
  });

  test('a loop makes one entry for each item', (t: TestContext) => {
    const template = {
      Resources: {
        'Fn::ForEach::Queues': [
          'Name',
          ['a', 'b-c'],
          { 'Queue&{Name}': { Type: 'T', Properties: { Name: { Ref: 'Name' }, Text: 'x-${Name}' } } },
        ],
        Other: { Type: 'T' },
      },
    };
    t.assert.deepEqual(
      expandLoops(template, () => []),
      {
        Resources: {
          Queuea: { Type: 'T', Properties: { Name: 'a', Text: 'x-a' } },
          Queuebc: { Type: 'T', Properties: { Name: 'b-c', Text: 'x-b-c' } },
          Other: { Type: 'T' },
        },
      },
    );
  });
});
