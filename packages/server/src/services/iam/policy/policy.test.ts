import { suite, test, type TestContext } from 'node:test';
import {
  evaluate,
  explain,
  parsePolicy,
  PolicyError,
  readPolicy,
  statementPosition,
  type AccessRequest,
  type Decision,
  type PolicySet,
} from './index.ts';

type Json = Readonly<Record<string, unknown>>;
const named = (...statements: Json[]) => [{ id: 'P', document: readPolicy({ Version: '2012-10-17', Statement: statements }) }];

const ann = { kind: 'aws', account: '111111111111', arn: 'arn:aws:iam::111111111111:user/team/ann', userId: 'AIDAANN' } as const;
const root = { kind: 'aws', account: '111111111111', arn: 'arn:aws:iam::111111111111:root', userId: '111111111111' } as const;
const worker = {
  kind: 'aws',
  account: '111111111111',
  arn: 'arn:aws:sts::111111111111:assumed-role/worker/s',
  userId: 'AROA:s',
  roleArn: 'arn:aws:iam::111111111111:role/worker',
} as const;
const read: AccessRequest = {
  requester: ann,
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::bucket/home/ann/x',
  resourceAccount: '111111111111',
};

const decide = (request: Partial<AccessRequest>, policies: Partial<PolicySet>): Decision['kind'] =>
  evaluate({ ...read, ...request }, { identity: [], ...policies }).kind;
const yes = 'allowed';
const no = 'implicitDeny';

suite('identity policies', { timeout: 60_000 }, () => {
  const cases: readonly (readonly [what: string, statement: Json, expected: Decision['kind']])[] = [
    [
      'the very action and resource',
      { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::bucket/home/ann/x' },
      yes,
    ],
    ['actions are the same in capitals or not', { Effect: 'Allow', Action: 'S3:getobject', Resource: '*' }, yes],
    ['resources are not', { Effect: 'Allow', Action: '*', Resource: 'arn:aws:s3:::BUCKET/*' }, no],
    ['a star', { Effect: 'Allow', Action: 's3:Get*', Resource: 'arn:aws:s3:::bucket/*' }, yes],
    ['a question mark is one character', { Effect: 'Allow', Action: 's3:GetObjec?', Resource: '*' }, yes],
    ['and not none', { Effect: 'Allow', Action: 's3:GetObject?', Resource: '*' }, no],
    ['another action', { Effect: 'Allow', Action: 's3:PutObject', Resource: '*' }, no],
    ['NotAction leaves out what it names', { Effect: 'Allow', NotAction: 's3:Get*', Resource: '*' }, no],
    ['NotAction takes the rest', { Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }, yes],
    ['NotResource leaves out what it names', { Effect: 'Allow', Action: '*', NotResource: 'arn:aws:s3:::bucket/*' }, no],
    ['NotResource takes the rest', { Effect: 'Allow', Action: '*', NotResource: 'arn:aws:s3:::other/*' }, yes],
    ['a star between colons stays there', { Effect: 'Allow', Action: '*', Resource: 'arn:aws:*:bucket/home' }, no],
    ['a variable', { Effect: 'Allow', Action: '*', Resource: 'arn:aws:s3:::bucket/home/${aws:username}/*' }, yes],
    ['a variable of another', { Effect: 'Allow', Action: '*', Resource: 'arn:aws:s3:::bucket/home/${aws:userid}/*' }, no],
    [
      'a variable without a value matches nothing',
      { Effect: 'Allow', Action: '*', Resource: 'arn:aws:s3:::bucket/home/${aws:none}*' },
      no,
    ],
    [
      'a variable with a default',
      { Effect: 'Allow', Action: '*', Resource: "arn:aws:s3:::bucket/home/${aws:none, 'ann'}/*" },
      yes,
    ],
    ['a star that is meant as a star', { Effect: 'Allow', Action: '*', Resource: 'arn:aws:s3:::bucket/${*}' }, no],
    ['a deny', { Effect: 'Deny', Action: '*', Resource: '*' }, 'explicitDeny'],
  ];
  for (const [what, statement, expected] of cases)
    test(`${what}: ${expected}`, (t: TestContext) => {
      t.assert.strictEqual(decide({}, { identity: named(statement) }), expected);
    });

  test('a deny wins over any allow', (t: TestContext) => {
    const identity = named({ Effect: 'Allow', Action: '*', Resource: '*' }, { Effect: 'Deny', Action: 's3:*', Resource: '*' });
    t.assert.strictEqual(decide({}, { identity }), 'explicitDeny');
  });

  test('what a variable brings is never a wildcard', (t: TestContext) => {
    const requester = { ...ann, arn: 'arn:aws:iam::111111111111:user/*' };
    const identity = named({ Effect: 'Allow', Action: '*', Resource: 'arn:aws:s3:::bucket/home/${aws:username}/x' });
    t.assert.strictEqual(decide({ requester }, { identity }), no);
  });

  test('the root of the account needs no policy, and is bound by a deny of the resource', (t: TestContext) => {
    t.assert.strictEqual(decide({ requester: root }, {}), yes);
    t.assert.strictEqual(
      decide({ requester: root }, { resource: named({ Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' }) }),
      'explicitDeny',
    );
  });
});

suite('conditions', { timeout: 60_000 }, () => {
  const context = {
    'aws:SourceIp': '10.1.2.3',
    'aws:CurrentTime': '2026-11-24T12:00:00Z',
    'aws:SecureTransport': 'true',
    'aws:TagKeys': ['a', 'b'],
    's3:prefix': 'home/ann/',
    size: '10',
    arn: 'arn:aws:sns:eu-west-1:111111111111:topic',
  };
  const cases: readonly (readonly [condition: Json, expected: boolean])[] = [
    [{ StringEquals: { 's3:prefix': 'home/ann/' } }, true],
    [{ StringEquals: { 'S3:PREFIX': ['x', 'home/ann/'] } }, true],
    [{ StringEquals: { 's3:prefix': 'home/*' } }, false],
    [{ StringEquals: { 's3:prefix': 'home/${aws:username}/' } }, true],
    [{ StringEqualsIgnoreCase: { 's3:prefix': 'HOME/ANN/' } }, true],
    [{ StringNotEquals: { 's3:prefix': ['x', 'y'] } }, true],
    [{ StringNotEquals: { 's3:prefix': ['x', 'home/ann/'] } }, false],
    [{ StringLike: { 's3:prefix': 'home/*' } }, true],
    [{ StringNotLike: { 's3:prefix': 'home/*' } }, false],
    [{ StringEquals: { none: 'x' } }, false],
    [{ StringNotEquals: { none: 'x' } }, true],
    [{ StringEqualsIfExists: { none: 'x' } }, true],
    [{ StringEqualsIfExists: { 's3:prefix': 'x' } }, false],
    [{ NumericLessThan: { size: 11 } }, true],
    [{ NumericGreaterThanEquals: { size: '11' } }, false],
    [{ NumericNotEquals: { size: '10.0' } }, false],
    [{ DateLessThan: { 'aws:CurrentTime': '2027-01-01T00:00:00Z' } }, true],
    [{ DateGreaterThan: { 'aws:CurrentTime': '2027-01-01T00:00:00Z' } }, false],
    [{ Bool: { 'aws:SecureTransport': true } }, true],
    [{ Bool: { 'aws:SecureTransport': 'false' } }, false],
    [{ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }, true],
    [{ IpAddress: { 'aws:SourceIp': ['192.168.0.0/16', '10.1.2.3'] } }, true],
    [{ NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }, false],
    [{ IpAddress: { 'aws:SourceIp': '::/0' } }, false],
    [{ ArnLike: { arn: 'arn:aws:sns:*:111111111111:*' } }, true],
    [{ ArnNotEquals: { arn: 'arn:aws:sns:*:111111111111:*' } }, false],
    [{ ArnEquals: { arn: 'arn:aws:sns:*:*:other' } }, false],
    [{ Null: { none: 'true' } }, true],
    [{ Null: { size: 'true' } }, false],
    [{ Null: { size: false } }, true],
    [{ 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b', 'c'] } }, true],
    [{ 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a'] } }, false],
    [{ 'ForAllValues:StringEquals': { none: ['a'] } }, true],
    [{ 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['a', 'x'] } }, true],
    [{ 'ForAnyValue:StringEquals': { none: ['a'] } }, false],
    [{ 'ForAnyValue:StringNotEquals': { 'aws:TagKeys': ['a'] } }, true],
    [{ 'ForAllValues:StringNotLike': { 'aws:TagKeys': ['a*'] } }, false],
    [{ StringEquals: { 's3:prefix': 'home/ann/' }, Bool: { 'aws:SecureTransport': 'false' } }, false],
  ];
  for (const [condition, expected] of cases)
    test(`${JSON.stringify(condition)} is ${expected ? 'met' : 'not met'}`, (t: TestContext) => {
      const identity = named({ Effect: 'Allow', Action: '*', Resource: '*', Condition: condition });
      t.assert.strictEqual(decide({ context }, { identity }), expected ? yes : no);
    });
});

suite('policies of the resource, bounds, accounts', { timeout: 60_000 }, () => {
  const all = named({ Effect: 'Allow', Action: '*', Resource: '*' });
  const to = (principal: unknown) => named({ Effect: 'Allow', Principal: principal, Action: '*', Resource: '*' });
  const elsewhere = { resourceAccount: '222222222222' };
  const nothing = named({ Effect: 'Allow', Action: 'iam:None', Resource: '*' });
  const cases: readonly (readonly [
    what: string,
    request: Partial<AccessRequest>,
    policies: Partial<PolicySet>,
    expected: Decision['kind'],
  ])[] = [
    ['the resource names the user', {}, { resource: to({ AWS: ann.arn }) }, yes],
    ['the resource names everyone', {}, { resource: to('*') }, yes],
    ['the resource names only the account', {}, { resource: to({ AWS: '111111111111' }) }, no],
    ['the resource names the account and the user may', {}, { resource: to({ AWS: root.arn }), identity: all }, yes],
    ['the resource names another', {}, { resource: to({ AWS: `${ann.arn}2` }) }, no],
    ['the resource names the role of a session', { requester: worker }, { resource: to({ AWS: worker.roleArn }) }, yes],
    [
      'the resource names all but the user',
      {},
      { resource: named({ Effect: 'Allow', NotPrincipal: { AWS: ann.arn }, Action: '*', Resource: '*' }) },
      no,
    ],
    ['a trust policy must allow it too', { resourceMustAllow: true }, { identity: all, resource: [] }, no],
    [
      'a trust policy that names the account leaves it to the own policy',
      { resourceMustAllow: true },
      { identity: all, resource: to({ AWS: '111111111111' }) },
      yes,
    ],
    ['which must then allow it', { resourceMustAllow: true }, { resource: to({ AWS: '111111111111' }) }, no],
    ['across accounts the own policy is not enough', elsewhere, { identity: all }, no],
    ['nor is that of the resource', elsewhere, { resource: to({ AWS: ann.arn }) }, no],
    ['both are', elsewhere, { identity: all, resource: to({ AWS: '111111111111' }) }, yes],
    ['a boundary takes away', {}, { identity: all, boundary: nothing }, no],
    ['a boundary alone gives nothing', {}, { boundary: all }, no],
    ['a session policy takes away', { requester: worker }, { identity: all, session: nothing }, no],
    [
      'also from what the resource gives to the role',
      { requester: worker },
      { resource: to({ AWS: worker.roleArn }), session: nothing },
      no,
    ],
    [
      'not from what the resource gives to the session itself',
      { requester: worker },
      { resource: to({ AWS: worker.arn }), session: nothing },
      yes,
    ],
    [
      'a service that is named',
      { requester: { kind: 'service', name: 's3.amazonaws.com' } },
      { resource: to({ Service: 's3.amazonaws.com' }) },
      yes,
    ],
    [
      'a service that is not',
      { requester: { kind: 'service', name: 's3.amazonaws.com' } },
      { resource: to({ Service: 'sns.amazonaws.com' }) },
      no,
    ],
    ['anybody where everybody may', { requester: { kind: 'anonymous' } }, { resource: to('*') }, yes],
    ['anybody where an account may', { requester: { kind: 'anonymous' } }, { resource: to({ AWS: '111111111111' }) }, no],
  ];
  for (const [what, request, policies, expected] of cases)
    test(`${what}: ${expected}`, (t: TestContext) => {
      t.assert.strictEqual(decide(request, policies), expected);
    });
});

suite('explaining', { timeout: 60_000 }, () => {
  test('a refusal names the statement that would allow it', (t: TestContext) => {
    const request = { ...read, resourceAccount: '222222222222' };
    const { text, wouldAllow } = explain(request, evaluate(request, { identity: [] }));
    t.assert.strictEqual(
      text,
      `User: ${ann.arn} is not authorized to perform: s3:GetObject on resource: ${read.resource} because no identity-based policy allows the s3:GetObject action`,
    );
    t.assert.deepStrictEqual(wouldAllow, [
      { kind: 'identity', statement: { Effect: 'Allow', Action: 's3:GetObject', Resource: read.resource } },
      {
        kind: 'resource',
        statement: { Effect: 'Allow', Principal: { AWS: ann.arn }, Action: 's3:GetObject', Resource: read.resource },
      },
    ]);
  });

  test('the statement would indeed allow it', (t: TestContext) => {
    const { wouldAllow } = explain(read, evaluate(read, { identity: [] }));
    t.assert.strictEqual(decide({}, { identity: named(...wouldAllow.map(({ statement }) => statement)) }), yes);
  });

  test('a deny names itself', (t: TestContext) => {
    const decision = evaluate(read, { identity: named({ Sid: 'NoReads', Effect: 'Deny', Action: 's3:Get*', Resource: '*' }) });
    t.assert.match(explain(read, decision).text, /with an explicit deny in an identity-based policy: statement "NoReads" of P$/);
    t.assert.strictEqual(decision.kind === 'explicitDeny' && decision.by.index, 0);
  });
});

suite('reading policies', { timeout: 60_000 }, () => {
  for (const [text, message] of [
    ['{', 'This policy contains invalid Json'],
    ['[]', 'Syntax errors in policy.'],
    ['{"Version":"2012-10-17"}', 'Syntax errors in policy.'],
    ['{"Version":"2012-10-17","Statement":{"Effect":"Maybe","Action":"*","Resource":"*"}}', 'Syntax errors in policy.'],
    ['{"Version":"2012-10-17","Statement":{"Effect":"Allow","Resource":"*"}}', 'Policy statement must contain actions.'],
    [
      '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringSort":{"a":"b"}}}}',
      'Invalid Condition type : StringSort.',
    ],
  ] as const)
    test(`${text} is refused`, (t: TestContext) => {
      t.assert.throws(
        () => parsePolicy(text),
        (error: Error) => error instanceof PolicyError && error.message === message,
      );
    });
});

suite('where a statement stands', { timeout: 60_000 }, () => {
  const text = '{\n  "Id": "a \\"Statement\\": [",\n  "Statement": [\n    {"Sid": "}]"},\n    { "a": [1, true] }\n  ]\n}';

  test('is told by its first and its last character, in a text of any spacing', (t: TestContext) => {
    t.assert.deepStrictEqual(
      [0, 1, 2].map((index) => statementPosition(text, index)),
      [
        { StartPosition: { Line: 4, Column: 5 }, EndPosition: { Line: 4, Column: 17 } },
        { StartPosition: { Line: 5, Column: 5 }, EndPosition: { Line: 5, Column: 22 } },
        undefined,
      ],
    );
  });

  test('is its own where there is one only', (t: TestContext) => {
    t.assert.deepStrictEqual(statementPosition('{"Statement":{}}', 0), {
      StartPosition: { Line: 1, Column: 14 },
      EndPosition: { Line: 1, Column: 15 },
    });
  });
});
