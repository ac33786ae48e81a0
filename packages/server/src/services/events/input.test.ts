import { suite, test } from 'node:test';
import type { EventDocument } from './event.ts';
import { inputOf } from './input.ts';
import { parseJsonPath, select } from '../kit/json-path.ts';

const event: EventDocument = {
  version: '0',
  id: 'e',
  'detail-type': 'core.update-account-command',
  source: 'core',
  account: '111111111111',
  time: '2026-11-24T10:00:00Z',
  region: 'us-east-1',
  resources: [],
  detail: {
    command: 'update-account',
    payload: { acc_id: '0a787ecb-4015', sf_id: 'baz' },
    single: ['HIGH'],
    multi: ['ACTIVE', 'INACTIVE'],
  },
};
const rule = { name: 'r', arn: 'arn:aws:events:us-east-1:111111111111:rule/bus/r' };
const paths = {
  payload: '$.detail.payload',
  userId: '$.detail.payload.acc_id',
  listsingle: '$.detail.single',
  listmulti: '$.detail.multi',
  systemstring: '$.detail.awsAccountId',
  type: '$.detail-type',
};
const made = (template: string): string | undefined => {
  const input = inputOf({ Id: 't', Arn: 'a', InputTransformer: { InputPathsMap: paths, InputTemplate: template } }, event, rule);
  return input.kind === 'payload' ? input.payload : undefined;
};

suite('input templates, as the recorded answers have them', { timeout: 60_000 }, () => {
  for (const [template, expected] of [
    [
      '"Payload of <payload> with path users-service/users/<userId> and <userId>"',
      '"Payload of {acc_id:0a787ecb-4015,sf_id:baz} with path users-service/users/0a787ecb-4015 and 0a787ecb-4015"',
    ],
    [
      '"<listsingle> single list item <listmulti> multiple list items <systemstring> system account id <payload> payload <userId> user id"',
      '"[HIGH] single list item [ACTIVE,INACTIVE] multiple list items  system account id {acc_id:0a787ecb-4015,sf_id:baz} payload 0a787ecb-4015 user id"',
    ],
    ['{"singlelistitem": <listsingle>}', '{"singlelistitem":["HIGH"]}'],
    ['{"singlelistitem": "<listsingle>"}', undefined],
    ['{"singlelistitem": "<listsingle>", "multiplelistitems": "<listmulti>"}', undefined],
    ['<listmulti> multiple list items', undefined],
    ['{"type": <type>, "missing": <systemstring>}', '{"type":"core.update-account-command","missing":""}'],
    ['"<aws.events.rule-arn> <aws.events.rule-name> <aws.events.event.ingestion-time>"', `"${rule.arn} r 2026-11-24T10:00:00Z"`],
    ['<aws.events.event.json>', JSON.stringify(event)],
  ] as const) {
    test(`${template} makes ${expected ?? 'nothing'}`, (t) => t.assert.equal(made(template), expected));
  }

  test('a value of an event cannot break out of its place', (t) => {
    const hostile = { ...event, detail: { payload: { acc_id: '", "admin": "yes' } } };
    const input = inputOf(
      { Id: 't', Arn: 'a', InputTransformer: { InputPathsMap: paths, InputTemplate: '{"id": "user <userId>"}' } },
      hostile,
      rule,
    );
    t.assert.deepEqual(input.kind === 'payload' && (JSON.parse(input.payload) as object), { id: 'user ", "admin": "yes' });
  });

  test('paths lead into lists, or nowhere', (t) => {
    for (const [path, expected] of [
      ['$', event],
      ['$.detail.multi[1]', 'INACTIVE'],
      ["$['detail-type']", 'core.update-account-command'],
      ['$.detail.multi[*]', ['ACTIVE', 'INACTIVE']],
      ['$.detail.none.deeper', undefined],
      ['$.detail.constructor', undefined],
    ] as const) {
      t.assert.deepEqual(select(event, parseJsonPath(path) ?? []), expected, path);
    }
    for (const path of ['detail', '$detail', '$..x', '$.a[', '$.a[?(@.b)]']) t.assert.equal(parseJsonPath(path), undefined, path);
  });
});
