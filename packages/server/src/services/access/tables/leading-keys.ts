import type { Context } from '../demand.ts';

/** Names of the partition key of a table or of one of its indexes; empty when there is no such table. */
export type KeyNames = (tableArn: string, indexName: string | undefined) => readonly string[];

type Value = Readonly<Record<string, unknown>>;

interface KeyedInput {
  readonly Key?: Readonly<Record<string, Value>> | undefined;
  readonly Item?: Readonly<Record<string, Value>> | undefined;
  readonly Items?: readonly (Readonly<Record<string, Value>> | undefined)[] | undefined;
  readonly KeyConditionExpression?: string | undefined;
  readonly KeyConditions?: Readonly<Record<string, { readonly AttributeValueList?: readonly Value[] | undefined }>> | undefined;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined;
  readonly ExpressionAttributeValues?: Readonly<Record<string, Value>> | undefined;
}

/**
 * The partition keys a request is about, for policies that let everybody see their own. Conditions of the
 * kind ForAllValues hold for a key that is absent, so whatever cannot be read becomes an empty one, which
 * no policy names.
 *
 * @source Amazon DynamoDB Developer Guide, "Using IAM policy conditions for fine-grained access control", read 2026-11
 */
export function leadingKeys(names: readonly string[], input: KeyedInput): Context {
  const items = [input.Key, input.Item, ...(input.Items ?? [])].filter((each) => each !== undefined);
  if (items.length > 0) return { 'dynamodb:LeadingKeys': items.flatMap((item) => names.map((name) => textOf(item[name]))) };
  if (input.KeyConditionExpression !== undefined)
    return { 'dynamodb:LeadingKeys': names.map((name) => conditioned(name, input)) };
  if (input.KeyConditions !== undefined)
    return { 'dynamodb:LeadingKeys': names.map((name) => textOf(input.KeyConditions?.[name]?.AttributeValueList?.[0])) };
  // A scan is about all of them.
  return {};
}

/** The value a condition compares the key with: `#k = :v`, wherever it stands. */
function conditioned(
  name: string,
  { KeyConditionExpression = '', ExpressionAttributeNames = {}, ExpressionAttributeValues = {} }: KeyedInput,
): string {
  for (const [, left = '', right = ''] of KeyConditionExpression.matchAll(/([#\w.-]+)\s*=\s*(:\w+)/g)) {
    if ((ExpressionAttributeNames[left] ?? left) === name) return textOf(ExpressionAttributeValues[right]);
  }
  return '';
}

function textOf(value: Value | undefined): string {
  const [kind, content] = Object.entries(value ?? {})[0] ?? [];
  if (content instanceof Uint8Array) return Buffer.from(content).toString('base64');
  return kind === 'S' || kind === 'N' ? String(content) : '';
}
