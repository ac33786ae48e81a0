import { templateError } from '../faults.ts';
import { parseTemplate } from './parse.ts';
import { bounds, isMap, type Fields } from './template.ts';

/** Each is read whole before the next is asked for. */
const mostIncludes = 20;

export interface Including {
  /** Where a snippet lies, functions and all: a text. */
  readonly locate: (written: unknown) => unknown;
  /** The text at `s3://bucket/key`. @throws ServiceFault */
  readonly read: (bucket: string, key: string) => Promise<string>;
}

/** Whether a template has snippets in places of its own choice. */
export const hasIncludes = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.some(hasIncludes)
    : isMap(value) && (includeOf(value) !== undefined || Object.values(value).some(hasIncludes));

/**
 * `Fn::Transform: { Name: AWS::Include, Parameters: { Location: s3://… } }`: what lies there stands here instead, among what stands
 * beside it. What a snippet holds is taken as it is, without snippets of its own.
 *
 * @source CloudFormation Template Reference, "AWS::Include transform", read 2026-11
 */
export async function expandIncludes(template: Fields, { locate, read }: Including): Promise<Fields> {
  let count = 0;
  const expand = async (value: unknown): Promise<unknown> => {
    if (Array.isArray(value)) {
      const items: unknown[] = [];
      for (const item of value) items.push(await expand(item));
      return items;
    }
    if (!isMap(value)) return value;
    const include = includeOf(value);
    const result: Record<string, unknown> = {};
    for (const [name, item] of Object.entries(value)) {
      if (include === undefined || name !== 'Fn::Transform') result[name] = await expand(item);
      else Object.assign(result, await included(include));
    }
    return result;
  };
  const included = async (written: unknown): Promise<Fields> => {
    if ((count += 1) > mostIncludes) throw templateError(`AWS::Include stands more than ${mostIncludes} times in the template.`);
    const location = locate(written);
    const [, bucket, key] = typeof location === 'string' ? (/^s3:\/\/([^/]+)\/(.+)$/s.exec(location) ?? []) : [];
    if (bucket === undefined || key === undefined) throw templateError('The location parameter is not a valid S3 uri.');
    const text = await read(bucket, key);
    if (Buffer.byteLength(text) > bounds.objectBytes)
      throw templateError(`${location} is larger than ${bounds.objectBytes} bytes.`);
    return parseTemplate(text);
  };
  return (await expand(template)) as Fields;
}

/** Where the snippet lies that stands here. */
function includeOf(value: Fields): unknown {
  const call = value['Fn::Transform'];
  if (!isMap(call) || call['Name'] !== 'AWS::Include') return undefined;
  return isMap(call['Parameters']) ? (call['Parameters']['Location'] ?? '') : '';
}
