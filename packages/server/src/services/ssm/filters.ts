import { invalid } from './names.ts';
import { currentOf, type ParameterRecord } from './records.ts';

export interface Filter {
  readonly Key: string | undefined;
  readonly Option?: string | undefined;
  readonly Values?: readonly string[] | undefined;
}

/** Whether a parameter passes all filters. @throws ValidationException for a key there is none of */
export function passes(record: ParameterRecord, filters: readonly Filter[]): boolean {
  return filters.every((filter) => passesOne(record, filter));
}

function passesOne(record: ParameterRecord, { Key: key = '', Option: option, Values: values = [] }: Filter): boolean {
  const current = currentOf(record);
  const one = (actual: string | undefined): boolean =>
    actual !== undefined && values.some((value) => matches(actual, value, option));
  switch (key) {
    case 'Name':
      return one(record.name) || (option !== 'Contains' && one(record.name.replace(/^\//, '')));
    case 'Type':
      return one(current.type);
    case 'KeyId':
      return one(current.keyId);
    case 'Tier':
      return one(current.tier);
    case 'DataType':
      return one(current.dataType);
    case 'Label':
      return record.versions.some(({ labels }) => labels.some((label) => values.includes(label)));
    case 'Path':
      return values.some((value) => isUnder(record.name, value, option === 'Recursive'));
    default: {
      if (!key.startsWith('tag:')) throw invalid(`The filter key "${key}" is not valid.`);
      const tag = key.slice(4);
      if (!Object.hasOwn(record.tags, tag)) return false;
      return values.length === 0 || one(record.tags[tag]);
    }
  }
}

function matches(actual: string, wanted: string, option: string | undefined): boolean {
  if (option === 'BeginsWith') return actual.startsWith(wanted);
  if (option === 'Contains') return actual.includes(wanted);
  return actual === wanted;
}

/** Below a path, at once or at any depth. */
export function isUnder(name: string, path: string, recursive: boolean): boolean {
  const prefix = path.endsWith('/') ? path : `${path}/`;
  return name.startsWith(prefix) && (recursive || !name.slice(prefix.length).includes('/'));
}
