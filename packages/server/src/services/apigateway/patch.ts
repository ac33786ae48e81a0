import { badRequest } from './faults.ts';

/** One of an update's operations, whose paths are JSON pointers: `/requestModels/application~1json`. */
export interface Patch {
  readonly op?: string | undefined;
  readonly path?: string | undefined;
  readonly value?: string | undefined;
  readonly from?: string | undefined;
}

type Document = Readonly<Record<string, unknown>>;

/** What an update may do at a path. */
export interface Place {
  readonly ops: readonly string[];
  /** @param names  what the path has where the pattern has names in braces */
  readonly apply: (document: Document, path: readonly string[], patch: Patch, names: readonly string[]) => Document;
}

/** How a service part says no. */
export interface Words {
  readonly path: (patch: Patch, table: Table) => Error;
  readonly op: (patch: Patch, table: Table, place: Place) => Error;
}

/** Patterns of paths, `/requestModels/{type}`, with what may be done there. */
export interface Table {
  readonly places: Readonly<Record<string, Place>>;
  readonly words: Words;
}

/** The document as operations make it, one after the other. @throws BadRequestException */
export function patched<T extends object>(document: T, patches: readonly Patch[] | undefined, table: Table): T {
  let next = document as Document;
  for (const patch of patches ?? []) {
    const path = segments(patch.path);
    const found = Object.entries(table.places).find(([pattern]) => fits(pattern.split('/').slice(1), path));
    if (found === undefined) throw table.words.path(patch, table);
    const [pattern, place] = found;
    if (!place.ops.includes(patch.op ?? '')) throw table.words.op(patch, table, place);
    const names = path.filter((_, at) => pattern.split('/')[at + 1]?.startsWith('{'));
    next = place.apply(next, path, patch, names);
  }
  return next as T;
}

export const segments = (path = ''): readonly string[] =>
  path
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));

const fits = (pattern: readonly string[], path: readonly string[]): boolean =>
  pattern.length === path.length && pattern.every((segment, at) => segment.startsWith('{') || segment === path[at]);

/** `Must be one of` as some parts of the service have it; they tell every path that they know. */
const listed = (patch: Patch, { places }: Table): Error => {
  const able = Object.entries(places).filter(([, { ops }]) => ops.includes(patch.op ?? ''));
  const hint =
    able.length === 0 ? 'Please choose supported operations' : `Must be one of: [${able.map(([path]) => path).join(', ')}]`;
  return badRequest(`Invalid patch path  '${patch.path ?? 'null'}' specified for op '${patch.op ?? 'null'}'. ${hint}`);
};
const bare = ({ path }: Patch): Error => badRequest(`Invalid patch path ${path ?? 'null'}`);

export const listing: Words = { path: listed, op: listed };
export const brief: Words = { path: bare, op: bare };
export const naming: Words = {
  path: bare,
  op: (_patch, _table, { ops }) => badRequest(`Invalid patch operation specified. Must be one of: [${ops.join(', ')}]`),
};

export const text = (value: string): unknown => value;
export const truth = (value: string): unknown => value.toLowerCase() === 'true';
export const number = (value: string): unknown => {
  const read = Number(value);
  if (value.trim() === '' || !Number.isFinite(read)) throw badRequest(`Invalid value specified: ${value}`);
  return read;
};

type Read = (value: string) => unknown;

/** A member of the document, however deep: `/throttle/rateLimit`. Removed, or set to nothing, it is gone. */
export const member = (
  read: Read = text,
  ops: readonly string[] = ['replace'],
  check: (value: unknown) => void = () => undefined,
): Place => ({
  ops,
  apply(document, path, { op, value }) {
    const next = op === 'remove' || value === undefined || value === '' ? undefined : read(value);
    check(next);
    return laid(document, path, next);
  },
});

/**
 * An entry of a map: `/requestParameters/{name}`. A map with nothing left in it is gone.
 *
 * @param missing  what is said when there is nothing to remove or replace
 * @param empty  what is said about nothing where there must be something
 */
export const entry = (
  read: Read = text,
  { missing, empty }: { readonly missing?: () => Error; readonly empty?: () => Error } = {},
): Place => ({
  ops: ['add', 'remove', 'replace'],
  apply(document, path, { op, value }) {
    if (op !== 'add' && missing !== undefined && at(document, path) === undefined) throw missing();
    if (op !== 'remove' && empty !== undefined && (value === undefined || value === '')) throw empty();
    return laid(document, path, op === 'remove' ? undefined : read(value ?? ''));
  },
});

/** A list whose items are named in the path: `/binaryMediaTypes/image~1png`. What replaces another comes last. */
export const item = (): Place => ({
  ops: ['add', 'remove', 'replace'],
  apply(document, path, { op, value }) {
    const [list, name = ''] = [path.slice(0, -1), path.at(-1)];
    const others = ((at(document, list) ?? []) as readonly string[]).filter((each) => each !== name);
    const added = op === 'add' ? [name] : op === 'replace' ? [value ?? ''] : [];
    return laid(document, list, others.length + added.length === 0 ? undefined : [...others, ...added]);
  },
});

/** A list whose items are the values of operations: `/providerARNs`. */
export const values = (ops: readonly string[] = ['add', 'remove', 'replace']): Place => ({
  ops,
  apply(document, path, { op, value = '' }) {
    const before = (at(document, path) ?? []) as readonly string[];
    const given = value.split(',').filter((each) => each !== '');
    const next =
      op === 'replace'
        ? given
        : op === 'add'
          ? [...new Set([...before, ...given])]
          : given.length === 0
            ? []
            : before.filter((each) => !given.includes(each));
    return laid(document, path, next.length === 0 ? undefined : next);
  },
});

function at(document: unknown, path: readonly string[]): unknown {
  let found = document;
  for (const name of path)
    found = typeof found === 'object' && found !== null && Object.hasOwn(found, name) ? (found as Document)[name] : undefined;
  return found;
}

/** The document with something else at a path; what holds nothing any more goes, too. */
export function laid(document: Document, [name = '', ...rest]: readonly string[], value: unknown): Document {
  const { [name]: before, ...others } = document;
  const inner = rest.length === 0 ? value : laid((before ?? {}) as Document, rest, value);
  const isEmpty = rest.length > 0 && typeof inner === 'object' && inner !== null && Object.keys(inner).length === 0;
  return inner === undefined || isEmpty ? others : { ...others, [name]: inner };
}
