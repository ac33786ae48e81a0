/** One page of a list and the token of the next. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string;
}

/**
 * Cuts a page out of a sorted list. The token names the last item shown, so that a list that changes
 * between two pages neither repeats nor skips what stays in it.
 *
 * @param items  sorted by `nameOf`, in code units
 * @param invalid  what to throw for a token that is none of ours
 */
export function pageOf<Item>(
  items: readonly Item[],
  options: {
    readonly limit: number;
    readonly token: string | undefined;
    readonly nameOf: (item: Item) => string;
    readonly invalid: () => Error;
  },
): Page<Item> {
  const { limit, token, nameOf } = options;
  const after = token === undefined ? undefined : readToken(token, options.invalid);
  const rest = after === undefined ? items : items.filter((item) => nameOf(item) > after);
  const shown = rest.slice(0, limit);
  const last = shown.at(-1);
  return rest.length > shown.length && last !== undefined ? { items: shown, next: writeToken(nameOf(last)) } : { items: shown };
}

/** Opaque on purpose: letters, digits, `-` and `_` pass through every client and shell. */
export const writeToken = (text: string): string => Buffer.from(`1${text}`).toString('base64url');

/** @throws what `invalid` makes */
export function readToken(token: string, invalid: () => Error): string {
  const text = /^[\w-]+$/.test(token) ? Buffer.from(token, 'base64url').toString('utf8') : '';
  if (!text.startsWith('1')) throw invalid();
  return text.slice(1);
}
