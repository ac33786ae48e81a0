import { PatternError } from './error.ts';

/**
 * `*` stands for any run of characters, `\*` and `\\` for themselves. The pieces between the stars are looked
 * for from left to right, each at its first place, so the work is bounded by text times pattern.
 *
 * @throws PatternError for two stars in a row, or a backslash before anything else
 */
export function wildcard(pattern: string): (text: string) => boolean {
  const pieces = split(pattern);
  const [first = ''] = pieces;
  const last = pieces.at(-1) ?? '';
  if (pieces.length === 1) return (text) => text === first;
  const middle = pieces.slice(1, -1);
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let at = first.length;
    for (const piece of middle) {
      const found = text.indexOf(piece, at);
      if (found === -1 || found + piece.length > end) return false;
      at = found + piece.length;
    }
    return true;
  };
}

/** The pieces between the stars. Places count from the quote before the text. @throws PatternError */
export function split(pattern: string): string[] {
  const pieces = [''];
  for (let at = 0; at < pattern.length; at += 1) {
    let character = pattern.charAt(at);
    if (character === '*') {
      if (at > 0 && pieces.at(-1) === '' && pieces.length > 1) {
        throw new PatternError('Consecutive wildcard characters at pos ' + String(at));
      }
      pieces.push('');
      continue;
    }
    if (character === '\\') {
      at += 1;
      character = pattern.charAt(at);
      if (character !== '*' && character !== '\\') throw new PatternError('Invalid escape character at pos ' + String(at));
    }
    pieces[pieces.length - 1] += character;
  }
  return pieces;
}
