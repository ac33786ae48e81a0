import type { SecretRecord } from './records.ts';

interface Filter {
  readonly Key?: string | undefined;
  readonly Values?: readonly string[] | undefined;
}

/** Values match the beginning of a word, capitals or not; one that starts with `!` must not match. */
function matches(texts: readonly string[], value: string, exactCase: boolean): boolean {
  const not = value.startsWith('!');
  const wanted = not ? value.slice(1) : value;
  const fold = (text: string): string => (exactCase ? text : text.toLowerCase());
  const found = texts.some(
    (text) =>
      fold(text).startsWith(fold(wanted)) ||
      (!exactCase &&
        fold(text)
          .split(/[\s/_+=.@!-]+/)
          .some((word) => word.startsWith(fold(wanted)))),
  );
  return found !== not;
}

function passes(secret: SecretRecord, { Key: key, Values: values = [] }: Filter): boolean {
  const texts = textsOf(secret, key);
  return values.some((value) => matches(texts, value, key !== 'description' && key !== 'all'));
}

function textsOf(secret: SecretRecord, key: string | undefined): readonly string[] {
  switch (key) {
    case 'name':
      return [secret.name];
    case 'description':
      return [secret.description ?? ''];
    case 'tag-key':
      return Object.keys(secret.tags);
    case 'tag-value':
      return Object.values(secret.tags);
    default:
      return [secret.name, secret.description ?? '', ...Object.keys(secret.tags), ...Object.values(secret.tags)];
  }
}

const entry = (secret: SecretRecord) => ({
  ARN: secret.arn,
  Name: secret.name,
  ...(secret.description === undefined ? {} : { Description: secret.description }),
  ...(secret.kmsKeyId === undefined ? {} : { KmsKeyId: secret.kmsKeyId }),
  ...(secret.owner === undefined ? {} : { OwningService: secret.owner }),
  LastChangedDate: new Date(secret.changedAt),
  ...(secret.deletedAt === undefined ? {} : { DeletedDate: new Date(secret.deletedAt) }),
  Tags: Object.entries(secret.tags).map(([Key, Value]) => ({ Key, Value })),
  CreatedDate: new Date(secret.createdAt),
});

/** What lists show, and how they are filtered. */
export const lists = { entry, passes };
