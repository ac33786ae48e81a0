/** Where something stands in a text, both from 1. */
export interface Position {
  readonly Line: number;
  readonly Column: number;
}

/**
 * First and last character of a statement of a policy, for those who look it up there.
 *
 * @param text  valid JSON
 * @param index  of the statement, from 0
 */
export function statementPosition(
  text: string,
  index: number,
): { readonly StartPosition: Position; readonly EndPosition: Position } | undefined {
  const list = membersOf(text, spaceEnd(text, 0)).findLast(([name]) => name === 'Statement')?.[1];
  if (list === undefined) return undefined;
  const start = text[list] === '[' ? itemsOf(text, list)[index] : list;
  if (start === undefined) return undefined;
  return { StartPosition: positionOf(text, start), EndPosition: positionOf(text, valueEnd(text, start) - 1) };
}

function positionOf(text: string, at: number): Position {
  const before = text.slice(0, at);
  return { Line: before.split('\n').length, Column: at - before.lastIndexOf('\n') };
}

/** Names of an object's members and where their values begin. */
function membersOf(text: string, open: number): (readonly [name: string, at: number])[] {
  const members: (readonly [string, number])[] = [];
  let at = spaceEnd(text, open + 1);
  while (text[at] === '"') {
    const nameEnd = stringEnd(text, at);
    const value = spaceEnd(text, spaceEnd(text, nameEnd) + 1);
    members.push([JSON.parse(text.slice(at, nameEnd)) as string, value]);
    at = afterComma(text, valueEnd(text, value));
  }
  return members;
}

/** Where the items of a list begin. */
function itemsOf(text: string, open: number): number[] {
  const items: number[] = [];
  let at = spaceEnd(text, open + 1);
  while (at < text.length && text[at] !== ']') {
    items.push(at);
    at = afterComma(text, valueEnd(text, at));
  }
  return items;
}

function afterComma(text: string, from: number): number {
  const at = spaceEnd(text, from);
  return text[at] === ',' ? spaceEnd(text, at + 1) : at;
}

function valueEnd(text: string, from: number): number {
  if (text[from] === '"') return stringEnd(text, from);
  if (text[from] !== '{' && text[from] !== '[') return from + (/^[^\s,\]}]*/.exec(text.slice(from))?.[0].length ?? 0);
  let depth = 0;
  let at = from;
  do {
    const sign = text[at];
    if (sign === '{' || sign === '[') depth += 1;
    if (sign === '}' || sign === ']') depth -= 1;
    at = sign === '"' ? stringEnd(text, at) : at + 1;
  } while (depth > 0 && at < text.length);
  return at;
}

function stringEnd(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function spaceEnd(text: string, from: number): number {
  let at = from;
  while (/\s/.test(text[at] ?? '')) at += 1;
  return at;
}
