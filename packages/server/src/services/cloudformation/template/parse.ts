import { isAlias, isMap as isYamlMap, isPair, isScalar, isSeq, parseDocument, type Document, type Node } from 'yaml';
import { formatError } from '../faults.ts';
import { bounds, isMap, type Fields } from './template.ts';

/** The text of a template as plain values; short forms (`!Ref x`) are written out. @throws ValidationError in CloudFormation's words */
export function parseTemplate(text: string): Fields {
  const value = text.trimStart().startsWith('{') ? fromJson(text) : fromYaml(text);
  if (!isMap(value)) throw formatError('unsupported structure.');
  return value;
}

function fromJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // YAML that begins with a brace is YAML all the same.
    const flow = parseDocument(text);
    if (flow.errors.length === 0) return fromYaml(text);
    throw formatError(`JSON not well-formed.${jsonPlace(text, error)}`);
  }
  measure(value, 0, { nodes: 0 });
  return value;
}

function jsonPlace(text: string, error: unknown): string {
  const at = /position (\d+)/.exec(String(error))?.[1];
  const before = text.slice(0, at === undefined ? text.length : Number(at) + 1).split('\n');
  // AWS counts the character that it did not expect as read.
  return ` (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`;
}

function measure(value: unknown, depth: number, seen: { nodes: number }): void {
  seen.nodes += 1;
  if (depth > bounds.depth || seen.nodes > bounds.nodes) throw tooMuch();
  if (typeof value !== 'object' || value === null) return;
  for (const item of Object.values(value)) measure(item, depth + 1, seen);
}

const tooMuch = () =>
  formatError(`the template is nested deeper than ${bounds.depth} or holds more than ${bounds.nodes} values.`);

function fromYaml(text: string): unknown {
  const document = parseDocument(text, { version: '1.2', schema: 'core', prettyErrors: false, strict: true, uniqueKeys: true });
  const [wrong] = document.errors;
  if (wrong !== undefined) {
    const before = text.slice(0, wrong.pos[0] + 1).split('\n');
    throw formatError(`YAML not well-formed. (line ${before.length}, column ${before.at(-1)?.length ?? 0})`);
  }
  return new Reader(document).read(document.contents, 0);
}

/** Walks the document once for each place that its aliases stand in, and counts: a few lines can stand for a billion values. */
class Reader {
  readonly #document: Document.Parsed;
  #nodes = 0;

  constructor(document: Document.Parsed) {
    this.#document = document;
  }

  read(node: unknown, depth: number): unknown {
    this.#nodes += 1;
    if (depth > bounds.depth || this.#nodes > bounds.nodes) throw tooMuch();
    if (isAlias(node)) return this.read(node.resolve(this.#document), depth + 1);
    const value = this.#plain(node, depth);
    const tag = (node as Node | null)?.tag;
    return tag === undefined || !tag.startsWith('!') || tag.startsWith('!!') ? value : shortForm(tag.slice(1), value);
  }

  #plain(node: unknown, depth: number): unknown {
    if (isYamlMap(node)) {
      const result: Record<string, unknown> = {};
      for (const pair of node.items) {
        if (!isPair(pair)) continue;
        const key = String(isScalar(pair.key) ? (pair.key.source ?? pair.key.value) : pair.key);
        if (key === '__proto__') throw formatError('unsupported structure.');
        result[key] = this.read(pair.value, depth + 1);
      }
      return result;
    }
    if (isSeq(node)) return node.items.map((item) => this.read(item, depth + 1));
    if (!isScalar(node)) return null;
    // A number that is written in another way than we would is a text to whoever wrote it: account 012345678901, version 1.10.
    const { value, source } = node;
    return typeof value === 'number' && source !== undefined && String(value) !== source ? source : value;
  }
}

function shortForm(tag: string, value: unknown): unknown {
  if (tag === 'Ref' || tag === 'Condition') return { [tag]: value };
  if (tag !== 'GetAtt' || typeof value !== 'string') return { [`Fn::${tag}`]: value };
  const dot = value.indexOf('.');
  return { 'Fn::GetAtt': dot < 0 ? [value] : [value.slice(0, dot), value.slice(dot + 1)] };
}
