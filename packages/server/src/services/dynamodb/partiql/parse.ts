import type { Comparator, Condition, Operand, Path, SetTerm, Update } from '../expressions/ast.ts';
import type { Value } from '../value.ts';
import { Reader } from './reader.ts';
import type { From, Returning, Statement } from './statement.ts';
import { malformed } from './tokens.ts';

/** @throws ValidationException. @source Developer Guide, "PartiQL statements for DynamoDB", read 2026-11 */
export function parseStatement(text: string, parameters: readonly unknown[]): Statement {
  const reader = new Reader(text, parameters);
  const statement = parseOne(reader);
  reader.done();
  return statement;
}

function parseOne(reader: Reader): Statement {
  if (reader.skip('SELECT')) return parseSelect(reader, 'select');
  if (reader.skip('INSERT', 'INTO')) {
    const from = parseFrom(reader);
    reader.expect('VALUE');
    const item = reader.value();
    if (!('M' in item)) throw malformed('Expected a document to insert');
    return { kind: 'insert', from, item: item.M };
  }
  if (reader.skip('UPDATE')) return parseUpdate(reader);
  if (reader.skip('DELETE', 'FROM')) {
    const from = parseFrom(reader);
    reader.expect('WHERE');
    const condition = parseCondition(reader);
    return { kind: 'delete', from, condition, ...parseReturning(reader) };
  }
  if (reader.skip('EXISTS', '(', 'SELECT')) {
    const statement = parseSelect(reader, 'exists');
    reader.expect(')');
    return statement;
  }
  throw malformed(`Unexpected ${reader.next.text}`);
}

function parseFrom(reader: Reader): From {
  const table = reader.name();
  return reader.skip('.') ? { table, index: reader.name() } : { table };
}

function parseSelect(reader: Reader, kind: 'select' | 'exists'): Statement {
  const projection: Path[] = [];
  if (!reader.skip('*')) {
    do projection.push(reader.path());
    while (reader.skip(','));
  }
  reader.expect('FROM');
  const from = parseFrom(reader);
  const condition = reader.skip('WHERE') ? parseCondition(reader) : undefined;
  let descending = false;
  if (reader.skip('ORDER', 'BY')) {
    reader.name();
    descending = reader.skip('DESC');
    if (!descending) reader.skip('ASC');
  }
  return {
    kind,
    from,
    descending,
    ...(projection.length === 0 ? {} : { projection }),
    ...(condition === undefined ? {} : { condition }),
  };
}

function parseUpdate(reader: Reader): Statement {
  const from = parseFrom(reader);
  const set: { path: Path; to: SetTerm }[] = [];
  const add: { path: Path; value: Value }[] = [];
  const del: { path: Path; value: Value }[] = [];
  const remove: Path[] = [];
  for (;;) {
    if (reader.skip('SET')) {
      do {
        const path = reader.path();
        reader.expect('=');
        if (reader.is('SET_ADD') || reader.is('SET_DELETE')) {
          const into = reader.take().text.toUpperCase() === 'SET_ADD' ? add : del;
          reader.expect('(');
          reader.path();
          reader.expect(',');
          into.push({ path, value: reader.value() });
          reader.expect(')');
        } else set.push({ path, to: parseSum(reader) });
      } while (reader.skip(','));
    } else if (reader.skip('REMOVE')) {
      do remove.push(reader.path());
      while (reader.skip(','));
    } else break;
  }
  const update: Update = { set, remove, add, delete: del };
  if (set.length + remove.length + add.length + del.length === 0) throw malformed('Expected SET or REMOVE');
  reader.expect('WHERE');
  const condition = parseCondition(reader);
  return { kind: 'update', from, update, condition, ...parseReturning(reader) };
}

function parseSum(reader: Reader): SetTerm {
  let left = parseTerm(reader);
  while (reader.is('+') || reader.is('-')) {
    const kind = reader.take().text === '+' ? 'sum' : 'difference';
    left = { kind, left, right: parseTerm(reader) };
  }
  return left;
}

function parseTerm(reader: Reader): SetTerm {
  if (reader.atValue) return { kind: 'value', value: reader.value() };
  if (reader.skip('LIST_APPEND', '(')) {
    const left = parseTerm(reader);
    reader.expect(',');
    const right = parseTerm(reader);
    reader.expect(')');
    return { kind: 'append', left, right };
  }
  if (reader.skip('IF_NOT_EXISTS', '(')) {
    const path = reader.path();
    reader.expect(',');
    const otherwise = parseTerm(reader);
    reader.expect(')');
    return { kind: 'ifNotExists', path, otherwise };
  }
  return { kind: 'path', path: reader.path() };
}

function parseReturning(reader: Reader): { readonly returning?: Returning } {
  if (!reader.skip('RETURNING')) return {};
  const what = reader.skip('ALL') ? 'ALL' : (reader.expect('MODIFIED'), 'UPDATED');
  const when = reader.skip('OLD') ? 'OLD' : (reader.expect('NEW'), 'NEW');
  reader.expect('*');
  return { returning: `${what}_${when}` as Returning };
}

const deepest = 100;

function parseCondition(reader: Reader, depth = 0): Condition {
  if (depth > deepest) throw malformed('The statement has too many levels of nesting');
  let left = parseAnd(reader, depth);
  while (reader.skip('OR')) left = { kind: 'or', left, right: parseAnd(reader, depth) };
  return left;
}

function parseAnd(reader: Reader, depth: number): Condition {
  let left = parseNot(reader, depth);
  while (reader.skip('AND')) left = { kind: 'and', left, right: parseNot(reader, depth) };
  return left;
}

function parseNot(reader: Reader, depth: number): Condition {
  if (depth > deepest) throw malformed('The statement has too many levels of nesting');
  if (reader.skip('NOT')) return { kind: 'not', of: parseNot(reader, depth + 1) };
  if (reader.skip('(')) {
    const inner = parseCondition(reader, depth + 1);
    reader.expect(')');
    return inner;
  }
  return parsePredicate(reader);
}

const comparators: Readonly<Record<string, Comparator>> = {
  '=': '=',
  '<>': '<>',
  '!=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};

function parsePredicate(reader: Reader): Condition {
  const called = parseFunction(reader);
  if (called !== undefined) return called;
  const left = parseOperand(reader);
  if (reader.skip('IS')) {
    const not = reader.skip('NOT');
    if (left.kind !== 'path') throw malformed('IS needs a path');
    const missing = reader.skip('MISSING');
    if (!missing) reader.expect('NULL');
    const is: Condition = missing
      ? { kind: 'notExists', path: left.path }
      : { kind: 'type', path: left.path, type: { kind: 'value', value: { S: 'NULL' } } };
    return not ? { kind: 'not', of: is } : is;
  }
  const negated = reader.skip('NOT');
  const not = (of: Condition): Condition => (negated ? { kind: 'not', of } : of);
  if (reader.skip('BETWEEN')) {
    const low = parseOperand(reader);
    reader.expect('AND');
    return not({ kind: 'between', of: left, low, high: parseOperand(reader) });
  }
  if (reader.skip('IN')) {
    const end = reader.skip('[') ? ']' : (reader.expect('('), ')');
    const list = [parseOperand(reader)];
    while (reader.skip(',')) list.push(parseOperand(reader));
    reader.expect(end);
    return not({ kind: 'in', of: left, list });
  }
  const comparator =
    reader.next.kind === 'symbol' && Object.hasOwn(comparators, reader.next.text) ? comparators[reader.next.text] : undefined;
  if (comparator === undefined) throw malformed(`Unexpected ${reader.next.text}`);
  reader.take();
  return { kind: 'compare', comparator, left, right: parseOperand(reader) };
}

function parseFunction(reader: Reader): Condition | undefined {
  const name = reader.next.text.toLowerCase();
  if (reader.next.kind !== 'word' || reader.peek(1).text !== '(' || !['begins_with', 'contains', 'attribute_type'].includes(name))
    return undefined;
  reader.take();
  reader.take();
  const of = parseOperand(reader);
  reader.expect(',');
  const part = parseOperand(reader);
  reader.expect(')');
  if (name === 'begins_with') return { kind: 'beginsWith', of, part };
  if (name === 'contains') return { kind: 'contains', of, part };
  if (of.kind !== 'path') throw malformed('attribute_type needs a path');
  return { kind: 'type', path: of.path, type: part };
}

function parseOperand(reader: Reader): Operand {
  if (reader.atValue) return { kind: 'value', value: reader.value() };
  if (reader.skip('SIZE', '(')) {
    const path = reader.path();
    reader.expect(')');
    return { kind: 'size', path };
  }
  return { kind: 'path', path: reader.path() };
}
