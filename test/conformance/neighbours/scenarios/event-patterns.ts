import type { Answer } from '../../kit/stage.ts';
import type { Scenario, Scenarios } from '../kit/stage.ts';

const base = {
  version: '0',
  id: '3e3c153a-8339-4e30-8c35-687ebef853fe',
  source: 'aws.ec2',
  'detail-type': 'EC2 Instance Launch Successful',
  account: '123456789012',
  time: '2022-07-13T13:48:01Z',
  region: 'us-east-1',
  resources: ['arn:aws:ec2:us-east-1:123456789012:instance/i-02ebd4584a2ebd341'],
};

/** A pattern and an event. Whether they fit was not recorded but in the name: `_NEG` is for those that do not. */
type Case = readonly [pattern: object, event: object];

const one = (condition: unknown): object => ({ detail: { state: [condition] } });
const state = (value: unknown): object => ({ detail: { state: value } });
const file = (condition: unknown): object => ({ detail: { FileName: [condition] } });
const named = (value: unknown): object => ({ detail: { FileName: value } });
const wildcard = (pattern: string): object => file({ wildcard: pattern });

const cases: Readonly<Record<string, Case>> = {
  minimal: [{ id: [base.id] }, {}],
  string: [{ source: ['aws.ec2'] }, {}],
  arrays: [{ resources: ['a', 'b'] }, { resources: ['b', 'c'] }],
  sample1: [{ source: ['aws.ec2'], 'detail-type': [base['detail-type']], detail: { state: ['running'] } }, state('running')],
  list_within_dict: [{ detail: { items: { id: ['b'] } } }, { detail: { items: [{ id: 'a' }, { id: 'b' }] } }],
  nested_json_NEG: [{ detail: { payload: { a: ['b'] } } }, { detail: { payload: '{"a":"b"}' } }],
  complex_multi_match_NEG: [
    { resources: [{ prefix: 'arn:' }], detail: { state: [{ 'anything-but': 'x' }], n: [{ numeric: ['>', 5] }] } },
    { detail: { state: 'y', n: 5 } },
  ],
  complex_or: [
    { source: ['aws.ec2'], $or: [{ detail: { n: [{ numeric: ['<=', 5] }] } }, { detail: { state: ['on'] } }] },
    { detail: { n: 50, state: 'on' } },
  ],
  complex_or_NEG: [
    { source: ['aws.ec2'], $or: [{ detail: { n: [{ numeric: ['<=', 5] }] } }, { detail: { state: ['on'] } }] },
    { detail: { n: 50, state: 'off' } },
  ],
  'or-numeric-anything-but': [
    { detail: { $or: [{ n: [{ numeric: ['=', 0] }] }, { state: [{ 'anything-but': ['on'] }] }] } },
    { detail: { n: 1, state: 'off' } },
  ],
  operator_multiple_list: [{ detail: { state: ['on', { 'anything-but': 'off' }, { exists: false }] } }, { detail: {} }],
  exists_dynamodb: [
    { detail: { dynamodb: { NewImage: { id: { S: [{ exists: true }] } } } } },
    { detail: { dynamodb: { NewImage: { id: { S: 'x' } } } } },
  ],
  content_exists_false: [one({ exists: false }), { detail: { other: 1 } }],
  content_exists_false_NEG: [one({ exists: false }), state('there')],

  content_anything_but_ignorecase_NEG: [one({ 'anything-but': { 'equals-ignore-case': 'ON' } }), state('on')],
  content_anything_but_ignorecase_list_null: [one({ 'anything-but': { 'equals-ignore-case': ['on', 'off'] } }), state(null)],
  content_anything_but_number: [one({ 'anything-but': 123 }), state(456)],
  content_anything_but_number_NEG: [one({ 'anything-but': 123 }), state(123)],
  content_anything_but_number_list: [one({ 'anything-but': [100, 200] }), state(300)],
  content_anything_but_number_zero: [one({ 'anything-but': 123 }), state(0)],
  content_anything_but_string_NEG: [one({ 'anything-but': 'on' }), state('on')],
  content_anything_but_string_list: [one({ 'anything-but': ['on', 'off'] }), state('waiting')],
  content_anything_but_string_list_NEG: [one({ 'anything-but': ['on', 'off'] }), state('off')],
  content_anything_but_string_missing_NEG: [one({ 'anything-but': 'on' }), { detail: {} }],
  content_anything_but_string_null: [one({ 'anything-but': 'on' }), state(null)],
  content_anything_prefix_int_value: [one({ 'anything-but': { prefix: 'init' } }), state(123)],
  content_anything_prefix_list_NEG: [one({ 'anything-but': { prefix: ['init', 'stop'] } }), state('stopped')],
  content_anything_prefix_list_int: [one({ 'anything-but': { prefix: ['init', 'stop'] } }), state(123)],
  content_anything_prefix_missing_NEG: [one({ 'anything-but': { prefix: 'init' } }), { detail: {} }],
  content_anything_prefix_null: [one({ 'anything-but': { prefix: 'init' } }), state(null)],
  content_anything_suffix_NEG: [file({ 'anything-but': { suffix: '.txt' } }), named('a.txt')],
  content_anything_suffix_list_NEG: [file({ 'anything-but': { suffix: ['.txt', '.md'] } }), named('a.md')],
  content_anything_suffix_list_missing_NEG: [file({ 'anything-but': { suffix: ['.txt', '.md'] } }), { detail: {} }],
  content_anything_wildcard: [file({ 'anything-but': { wildcard: '*/dir/*' } }), named('a/b/c')],
  content_anything_wildcard_list: [file({ 'anything-but': { wildcard: ['*/dir/*', '*.md'] } }), named('a/b/c')],
  content_anything_wildcard_list_missing_NEG: [file({ 'anything-but': { wildcard: ['*/dir/*', '*.md'] } }), { detail: {} }],

  content_ignorecase_empty: [one({ 'equals-ignore-case': '' }), state('')],
  content_ip_address_bad_type_NEG: [one({ cidr: '10.0.0.0/24' }), state(10)],
  content_ip_address_v6_NEG: [one({ cidr: '2001:db8::/32' }), state('2001:db9::1')],
  content_numeric_and: [
    { detail: { n: [{ numeric: ['>', 0, '<=', 5] }], m: [{ numeric: ['<', 10] }] } },
    { detail: { n: 5, m: -1.5 } },
  ],
  number_comparison_float: [{ detail: { n: [{ numeric: ['>=', 11.18] }] } }, { detail: { n: 11.180_000_01 } }],
  content_prefix: [{ time: [{ prefix: '2022-07-13' }] }, {}],
  content_prefix_NEG: [{ time: [{ prefix: '2022-07-14' }] }, {}],
  content_prefix_empty: [one({ prefix: '' }), state('anything')],
  content_suffix_NEG: [file({ suffix: '.png' }), named('a.PNG')],
  content_suffix_ignorecase: [file({ suffix: { 'equals-ignore-case': '.png' } }), named('a.PNG')],
  content_suffix_ignorecase_NEG: [file({ suffix: { 'equals-ignore-case': '.png' } }), named('a.jpg')],
  content_wildcard_simplified: [wildcard('*/dir/*.txt'), named('/home/dir/a.txt')],
  content_wildcard_nonrepeating_NEG: [wildcard('*/a/*.txt'), named('/home/b/a.txt')],
  content_wildcard_repeating_NEG: [wildcard('/Users/*/dir/dir/dir/dir/dir/doc.txt'), named('/Users/dir/dir/dir/dir/doc.txt')],

  dot_joining_event: [{ detail: { state: { name: ['on'] } } }, { 'detail.state.name': 'on' }],
  dot_joining_event_NEG: [{ detail: { state: { name: ['on'] } } }, { 'detail.state-name': 'on' }],
  dot_joining_pattern: [{ 'detail.state.name': ['on'] }, { detail: { state: { name: 'on' } } }],
  dot_joining_pattern_NEG: [{ 'detail.state-name': ['on'] }, { detail: { state: { name: 'on' } } }],
};

const ask = (scene: Parameters<Scenario>[0], pattern: object, event: object): Promise<Answer> =>
  scene
    .service('events')
    .call('TestEventPattern', { EventPattern: JSON.stringify(pattern), Event: JSON.stringify({ ...base, ...event }) });

const fits =
  (name: string, [pattern, event]: Case): Scenario =>
  async (scene) => {
    const { Result } = await ask(scene, pattern, event);
    scene.stage.same(name, Result, !name.endsWith('_NEG'));
  };

/** Its place is not told, so the text stands there twice as it is. */
const tooComplex: Scenario = async (scene) => {
  const answer = await ask(scene, wildcard('*a*a*a*a*a*a*a'), {});
  const refusal = answer['Error'] as Record<string, unknown>;
  scene.match('content_wildcard_complex_EXC', {
    exception_message: { ...answer, Error: { ...refusal, MessageRaw: refusal['Message'] } },
    exception_type: "<class 'botocore.errorfactory.InvalidEventPatternException'>",
  });
};

const title = (name: string): string => `TestEventPattern.test_event_pattern[${name}]`;

export const patternScenarios: Scenarios = {
  ...Object.fromEntries(Object.entries(cases).map(([name, each]) => [title(name), fits(name, each)])),
  [title('content_wildcard_complex_EXC')]: tooComplex,
};
