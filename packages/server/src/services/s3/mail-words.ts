/** Values of user metadata travel as words of mail do (RFC 2047); S3 keeps what they mean. */

const word = /=\?([\w-]+)\?([bq])\?([^?]*)\?=/gi;

/** What was meant. Bytes that are no text become U+FFFD; what is in no known alphabet stays as it is. */
export function fromMail(text: string): string {
  if (!text.includes('=?')) return text;
  return text.replaceAll(word, (whole, alphabet: string, coding: string, encoded: string) => {
    const bytes = coding.toUpperCase() === 'B' ? Buffer.from(encoded, 'base64') : fromQ(encoded);
    try {
      return new TextDecoder(alphabet, { ignoreBOM: true }).decode(bytes);
    } catch {
      return whole;
    }
  });
}

const fromQ = (encoded: string): Buffer =>
  Buffer.from(
    encoded
      .replaceAll('_', ' ')
      .replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );

const isPlain = (character: string): boolean => character >= ' ' && character <= '~';

/** As a header can carry it: where most of it is plain, the rest is quoted; otherwise all is base64. Recorded in 2026. */
export function toMail(text: string): string {
  const plain = [...text].filter(isPlain).length;
  const other = [...text].length - plain;
  if (other === 0) return text;
  if (plain <= other) return `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`;
  const quoted = [...Buffer.from(text)].map((byte) => {
    const character = String.fromCharCode(byte);
    if (character === ' ') return '_';
    return isPlain(character) && !'=_?'.includes(character) ? character : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  });
  return `=?UTF-8?Q?${quoted.join('')}?=`;
}
