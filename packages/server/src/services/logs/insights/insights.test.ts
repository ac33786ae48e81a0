import { suite, test, type TestContext } from 'node:test';
import { globOf } from './glob.ts';
import { readQuery } from './query.ts';
import { Row, textOf } from './row.ts';
import { QueryError } from './tokens.ts';

const minute = Date.parse('2026-11-25T10:00:00Z');
const requestId = '11111111-2222-3333-4444-555555555555';
/** Half a minute apart, the newest first. */
const messages = [
  '{"level":"INFO","ms":5,"who":{"name":"ada"},"tags":["a","b"]}',
  '{"level":"ERROR","ms":50,"who":{"name":"bob"}}',
  `REPORT RequestId: ${requestId}\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\t`,
  'user=eve, method:GET, latency := 7',
  '{"level":"ERROR","ms":20,"who":{"name":"ada"}}',
];

/** Rows of an answer, each as its columns' texts. */
function answer(text: string): string[] {
  const query = readQuery(text);
  const rows: string[] = [];
  const sink = query.run((row) => rows.push(query.columns.map((name) => textOf(row.get(name))).join(' ')));
  for (const [index, message] of messages.entries()) {
    sink.push(
      new Row([
        ['@timestamp', new Date(minute - index * 30_000)],
        ['@message', message],
      ]),
    );
  }
  sink.end();
  return rows;
}

/** Queries, and what they answer. */
const cases: Readonly<Record<string, readonly string[]>> = {
  'fields level, ms | filter level = "ERROR"': ['ERROR 50', 'ERROR 20'],
  'fields who.name as name | filter ispresent(who.name) | sort name desc, ms asc': ['bob', 'ada', 'ada'],
  'filter ms > 10 and not (ms >= 50) | display ms': ['20'],
  'filter @message like /(?i)METHOD:(GET|PUT)/ | fields strlen(@message) as n': ['34'],
  "filter @message like 'method' or tags.1 = 'b' | fields tags.0": ['a', ''],
  'filter level in ["INFO", "WARN"] | fields ms * 2 + 1 as twice': ['11'],
  'filter ispresent(level) and level not in ["INFO"] and level not like "WARN" | fields level': ['ERROR', 'ERROR'],
  'parse @message "user=*, method:*, latency := *" as who, how, took | filter ispresent(who) | fields who, how, took': [
    'eve GET 7',
  ],
  'filter ispresent(level) | stats count(*) as n, avg(ms), max(ms) by level | filter n > 1': ['ERROR 2 35 50'],
  'filter ispresent(ms) | stats sum(ms), pct(ms, 50), count_distinct(who.name)': ['75 20 2'],
  'stats count(*) by bin(1m) as at | sort at asc': [
    '2026-11-25 09:58:00.000 1',
    '2026-11-25 09:59:00.000 2',
    '2026-11-25 10:00:00.000 1',
  ],
  'filter @type = "REPORT" | fields @duration, @billedDuration, @memorySize / 1000000 as mb, @requestId': [
    `12.34 13 128 ${requestId}`,
  ],
  'fields level | dedup level | filter ispresent(level) | limit 1': ['INFO'],
  'fields @timestamp | sort @timestamp asc | limit 1': ['2026-11-25 09:58:00.000'],
  'filter ispresent(level) | stats latest(ms), earliest(ms) by who.name # and no more': ['ada 5 20', 'bob 50 50'],
  'fields toupper(concat(level, "!")) as loud, coalesce(nothing, "none") | filter ms = 5': ['INFO! none'],
  'fields ms / 0 as never | filter ispresent(never)': [],
};

suite('queries of Logs Insights', () => {
  for (const [query, rows] of Object.entries(cases)) {
    test(query, (t: TestContext) => {
      const found = answer(query);
      if (query.includes('bin(1m)'))
        t.assert.equal(
          found.map((row) => Number(row.at(-1))).reduce((a, b) => a + b),
          messages.length,
        );
      else t.assert.deepEqual(found, rows);
    });
  }

  test('are told where they cannot be read', (t: TestContext) => {
    for (const [query, at] of [
      ['filter ms between', 10],
      ['fields @message | nonsense', 26],
      ['stats whatever(ms)', 18],
      ['fields "', 7],
      ['filter (a = 1', 13],
      ['parse @message /(?<x>a+)+$/ as x', 15],
    ] as const) {
      t.assert.throws(
        () => readQuery(query),
        (error: QueryError) => error instanceof QueryError && error.from === at,
        query,
      );
    }
  });

  test('stop when they have enough, unless they have to see all', (t: TestContext) => {
    const full = (text: string): boolean => {
      const sink = readQuery(text).run(() => {});
      for (let count = 0; count < 3; count += 1) sink.push(new Row([['@message', 'x']]));
      return sink.full;
    };
    t.assert.equal(full('fields @message | limit 2'), true);
    t.assert.equal(full('fields @message | sort @message | limit 2'), false);
    t.assert.equal(full('stats count(*) | limit 1'), false);
  });

  test('globs take as little as they can, and the last star the rest', (t: TestContext) => {
    t.assert.deepEqual(globOf('a=*;b=*')('x a=1;2;b=3;4'), ['1;2', '3;4']);
    t.assert.deepEqual(globOf('[*] *')('[one] two three'), ['one', 'two three']);
    t.assert.equal(globOf('a=*;b=*')('a=1'), undefined);
  });
});
