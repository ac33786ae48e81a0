import type { Incoming } from '../incoming.ts';

/** Of a request's body, without parameters; JSON where nothing is said. */
export const mediaType = ({ headers }: Pick<Incoming, 'headers'>): string => plain(headers['content-type'] ?? 'application/json');

export const plain = (contentType: string): string => (contentType.split(';')[0] ?? '').trim().toLowerCase();

/** Whether bodies of a type are bytes to an API, and not text. */
export const isBinary = (types: readonly string[], contentType: string): boolean => {
  const type = plain(contentType);
  return types.some((each) => {
    const wanted = each.toLowerCase();
    return wanted === '*/*' || wanted === type || (wanted.endsWith('/*') && type.startsWith(wanted.slice(0, -1)));
  });
};

/** The type that a client would rather have: the first that it names. */
export const firstAccepted = ({ headers }: Pick<Incoming, 'headers'>): string =>
  plain((headers['accept'] ?? '').split(',')[0] ?? '');
