import { compare, isTrue, readExpression, type Expression } from './expression.ts';
import { globOf } from './glob.ts';
import { Row, textOf, type Value } from './row.ts';
import { readStatistic, type Statistic } from './statistics.ts';
import { Tokens } from './tokens.ts';

/** Takes rows, one after the other, and is told of the last one. */
interface Sink {
  push(row: Row): void;
  end(): void;
}
type Stage = (next: Sink) => Sink;

/** What a query is, read. */
export interface Query {
  /** Shown of each row, in this order. */
  readonly columns: readonly string[];
  /** Whether its rows are groups of events, and no events themselves. */
  readonly groups: boolean;
  /** Begins a run; rows that come out are given to `take`. */
  run(take: (row: Row) => void): Sink & { readonly full: boolean };
}

/** Rows of an answer, and rows that a sort holds at most. @source CloudWatch Logs API Reference, StartQuery, read 2026-11 */
const mostResults = 10_000;
const mostSorted = 100_000;

/**
 * Reads a query in the language of Logs Insights.
 *
 * @param options.merges  rows come of several groups, one after the other: where nothing else is asked for, the newest are first
 * @throws QueryError
 */
export function readQuery(text: string, options: { readonly merges: boolean } = { merges: false }): Query {
  const tokens = new Tokens(text);
  const stages: Stage[] = [];
  const shape: { columns: string[]; groups: boolean; hasDisplay: boolean } = { columns: [], groups: false, hasDisplay: false };
  let limit = mostResults;
  if (tokens.next.kind !== 'end') {
    do {
      const command = tokens.name().toLowerCase();
      if (command === 'limit') limit = Math.min(mostResults, readCount(tokens));
      else stages.push(readCommand(command, tokens, text, shape));
    } while (tokens.has('|') !== undefined);
  }
  if (tokens.next.kind !== 'end') tokens.fail("'|'");
  if (options.merges && stages.every((stage) => !waits.has(stage)))
    stages.unshift(sorting([{ of: (row) => row.get('@timestamp'), down: true }]));
  const { groups } = shape;
  const columns = shape.columns.length === 0 && !groups ? ['@timestamp', '@message'] : shape.columns;
  return {
    columns,
    groups,
    run(take) {
      let count = 0;
      // Only rows in the order they come are enough once there are so many.
      const streams = stages.every((stage) => !waits.has(stage));
      const last: Sink = { push: (row) => void ((count += 1) <= limit && take(row)), end: () => {} };
      const first = stages.toReversed().reduce<Sink>((next, stage) => stage(next), last);
      return {
        push: (row) => first.push(row),
        end: () => first.end(),
        get full() {
          return streams && count >= limit;
        },
      };
    },
  };
}

/** Stages that say nothing before they have seen all. */
const waits = new WeakSet<Stage>();

function readCommand(
  command: string,
  tokens: Tokens,
  text: string,
  shape: { columns: string[]; groups: boolean; hasDisplay: boolean },
): Stage {
  switch (command) {
    case 'fields':
    case 'display': {
      const named = readNamed(tokens, text);
      const names = named.map(({ name }) => name);
      if (command === 'display' || !shape.hasDisplay)
        shape.columns = command === 'display' ? names : [...shape.columns, ...names];
      shape.hasDisplay ||= command === 'display';
      return each((row) => {
        for (const { name, of } of named) row.set(name, of(row));
        return true;
      });
    }
    case 'filter': {
      const holds = readExpression(tokens);
      return each((row) => isTrue(holds(row)));
    }
    case 'parse':
      return readParse(tokens);
    case 'sort':
      return sorting(readKeys(tokens));
    case 'dedup': {
      const names = [tokens.name()];
      while (tokens.has(',') !== undefined) names.push(tokens.name());
      return deduplicating(names);
    }
    case 'stats': {
      const statistics = [readStatistic(tokens, text)];
      while (tokens.has(',') !== undefined) statistics.push(readStatistic(tokens, text));
      const by = tokens.has('by') === undefined ? [] : readNamed(tokens, text);
      shape.columns = [...by, ...statistics].map(({ name }) => name);
      shape.groups = true;
      return grouping(statistics, by);
    }
    default:
      return tokens.fail('a command');
  }
}

interface Named {
  readonly name: string;
  readonly of: Expression;
}

/** `a, strlen(b) as c`; what has no name is called as it is written. */
function readNamed(tokens: Tokens, text: string): Named[] {
  const named: Named[] = [];
  do {
    const { from } = tokens.next;
    const of = readExpression(tokens);
    const written = text.slice(from, tokens.before).replace(/^`(.*)`$/, '$1');
    named.push({ name: tokens.has('as') === undefined ? written : tokens.name(), of });
  } while (tokens.has(',') !== undefined);
  return named;
}

function readCount(tokens: Tokens): number {
  const { kind, value } = tokens.next;
  if (kind !== 'number') return tokens.fail('a number');
  tokens.take();
  return Number(value);
}

const each =
  (keeps: (row: Row) => boolean): Stage =>
  (next) => ({ push: (row) => void (keeps(row) && next.push(row)), end: () => next.end() });

function readParse(tokens: Tokens): Stage {
  const of = tokens.next.kind === 'text' ? undefined : tokens.name();
  if (tokens.next.kind !== 'text') return tokens.fail('a pattern with stars (regular expressions are not taken here)');
  const glob = globOf(tokens.take().value);
  tokens.expect('as');
  const names = [tokens.name()];
  while (tokens.has(',') !== undefined) names.push(tokens.name());
  return each((row) => {
    const found = glob(textOf(row.get(of ?? '@message')));
    if (found !== undefined) for (const [index, name] of names.entries()) row.set(name, found[index]);
    return true;
  });
}

interface SortKey {
  readonly of: Expression;
  readonly down: boolean;
}

function readKeys(tokens: Tokens): SortKey[] {
  const keys: SortKey[] = [];
  do {
    const of = readExpression(tokens);
    const down = tokens.has('desc') !== undefined;
    if (!down) tokens.has('asc');
    keys.push({ of, down });
  } while (tokens.has(',') !== undefined);
  return keys;
}

/** What is not there comes last. */
function order(a: Value, b: Value, down: boolean): number {
  if (a === undefined || b === undefined) return (a === undefined ? 1 : 0) - (b === undefined ? 1 : 0);
  return down ? compare(b, a) : compare(a, b);
}

function sorting(keys: readonly SortKey[]): Stage {
  return waiting((next) => {
    let rows: (readonly [Row, readonly Value[]])[] = [];
    const sort = (): void => {
      rows = rows
        .toSorted(([, a], [, b]) => {
          for (const [index, { down }] of keys.entries()) {
            const found = order(a[index], b[index], down);
            if (found !== 0) return found;
          }
          return 0;
        })
        .slice(0, mostSorted);
    };
    return {
      push(row) {
        rows.push([row, keys.map(({ of }) => of(row))]);
        if (rows.length >= 2 * mostSorted) sort();
      },
      end() {
        sort();
        for (const [row] of rows) next.push(row);
        next.end();
      },
    };
  });
}

const deduplicating =
  (names: readonly string[]): Stage =>
  (next) => {
    const seen = new Set<string>();
    return {
      push(row) {
        const key = JSON.stringify(names.map((name) => textOf(row.get(name))));
        if (seen.has(key)) return;
        seen.add(key);
        next.push(row);
      },
      end: () => next.end(),
    };
  };

function grouping(statistics: readonly Statistic[], by: readonly Named[]): Stage {
  return waiting((next) => {
    const begin = (keys: readonly Value[]) => ({ keys, columns: statistics.map(({ start }) => start()) });
    const groups = new Map<string, ReturnType<typeof begin>>();
    if (by.length === 0) groups.set('[]', begin([]));
    return {
      push(row) {
        const keys = by.map(({ of }) => of(row));
        const id = JSON.stringify(keys.map((key) => (key === undefined ? null : textOf(key))));
        let group = groups.get(id);
        if (group === undefined) groups.set(id, (group = begin(keys)));
        for (const column of group.columns) column.take(row);
      },
      end() {
        for (const { keys, columns } of groups.values()) {
          const named = [
            ...by.map(({ name }, index) => [name, keys[index]] as const),
            ...statistics.map(({ name }, index) => [name, columns[index]?.value()] as const),
          ];
          next.push(new Row(named));
        }
        next.end();
      },
    };
  });
}

function waiting(stage: Stage): Stage {
  waits.add(stage);
  return stage;
}
