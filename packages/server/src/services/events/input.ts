import { invalid } from './faults.ts';
import type { EventDocument } from './event.ts';
import { parseJsonPath, select } from '../kit/json-path.ts';
import type { Rule, Target } from './kinds.ts';
import { isJson } from '../kit/index.ts';

export type TargetInput =
  | { readonly kind: 'payload'; readonly payload: string }
  /** The template did not make what a target can take; EventBridge gives such an event up. */
  | { readonly kind: 'broken'; readonly why: string };

/** Which of four ways a target wants its events: whole, a part, a constant, or a template. @throws ValidationException at PutTargets */
export function checkInput(target: Target): void {
  const ways = [target.Input, target.InputPath, target.InputTransformer].filter((way) => way !== undefined);
  if (ways.length > 1)
    throw invalid(`Only one of Input, InputPath, or InputTransformer must be provided for target ${target.Id}.`);
  if (target.Input !== undefined && !isJson(target.Input)) throw invalid(`JSON syntax error in input for target ${target.Id}`);
  if (target.InputPath !== undefined && parseJsonPath(target.InputPath) === undefined)
    throw invalid(`Invalid InputPath for target ${target.Id}.`);
  const { InputPathsMap: paths = {}, InputTemplate: template = '' } = target.InputTransformer ?? {};
  for (const [name, path] of Object.entries(paths)) {
    if (parseJsonPath(path) === undefined) throw invalid(`InputPath for target ${target.Id} is invalid: ${name}`);
    if (name.startsWith('AWS')) throw invalid(`InputPathsMap for target ${target.Id} uses a reserved name ${name}.`);
  }
  for (const [, name = ''] of template.matchAll(placeholder)) {
    if (!Object.hasOwn(paths, name) && !predefined.includes(name)) {
      throw invalid(`InputTemplate for target ${target.Id} contains invalid placeholder ${name}.`);
    }
  }
}

const placeholder = /<([A-Za-z0-9_.-]+)>/g;
const predefined = [
  'aws.events.rule-arn',
  'aws.events.rule-name',
  'aws.events.event',
  'aws.events.event.json',
  'aws.events.event.ingestion-time',
];

/** What a target gets of an event. @source EventBridge User Guide, "Input transformation", read 2026-11 */
export function inputOf(target: Target, event: EventDocument, rule: Pick<Rule, 'name' | 'arn'>): TargetInput {
  if (target.Input !== undefined) return { kind: 'payload', payload: target.Input };
  if (target.InputPath !== undefined) {
    const part = select(event, parseJsonPath(target.InputPath) ?? []);
    return { kind: 'payload', payload: JSON.stringify(part ?? null) };
  }
  if (target.InputTransformer === undefined) return { kind: 'payload', payload: JSON.stringify(event) };
  const { InputPathsMap: paths = {}, InputTemplate: template = '' } = target.InputTransformer;
  const values = new Map<string, unknown>(
    Object.entries(paths).map(([name, path]) => [name, select(event, parseJsonPath(path) ?? [])]),
  );
  const { detail: _, ...outer } = event;
  values.set('aws.events.rule-arn', rule.arn);
  values.set('aws.events.rule-name', rule.name);
  values.set('aws.events.event', outer);
  values.set('aws.events.event.json', event);
  values.set('aws.events.event.ingestion-time', event.time);
  return render(template, values);
}

/** A template is a quoted text, or JSON with values left open. */
function render(template: string, values: ReadonlyMap<string, unknown>): TargetInput {
  const isText = template.trimStart().startsWith('"');
  let result = '';
  let from = 0;
  let quoted = false;
  for (const match of template.matchAll(placeholder)) {
    const before = template.slice(from, match.index);
    quoted = quotedAfter(before, quoted);
    result += before + (quoted ? inText(values.get(match[1] ?? ''), isText) : inJson(values.get(match[1] ?? '')));
    from = match.index + match[0].length;
  }
  result += template.slice(from);
  if (!isText && !isJson(result)) return { kind: 'broken', why: 'The transformed event is not JSON.' };
  return { kind: 'payload', payload: isText ? result : JSON.stringify(JSON.parse(result)) };
}

function quotedAfter(text: string, quoted: boolean): boolean {
  let now = quoted;
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1;
    else if (text[index] === '"') now = !now;
  }
  return now;
}

/** A missing value is an empty text in either place. */
const inJson = (value: unknown): string => JSON.stringify(value ?? '');

/** Inside quotes: texts as they are, the rest as JSON; a quoted text has no room for the quotes of that. */
function inText(value: unknown, isText: boolean): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return JSON.stringify(value).slice(1, -1);
  const json = JSON.stringify(value);
  return isText ? json.replaceAll('"', '') : json;
}
