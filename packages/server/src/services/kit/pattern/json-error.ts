import { PatternError } from './error.ts';
import { placeOf } from './locate.ts';

/**
 * What AWS says of text that is not JSON, as far as it was recorded: a word that is none, and names without double
 * quotes. Of other mistakes, what our own parser says.
 */
export function jsonError(text: string, cause: Error): PatternError {
  const found = wrongWord(text) ?? wrongName(text);
  const error = new PatternError(found?.message ?? cause.message, { nowhere: true, notJson: true });
  if (found !== undefined) error.place = placeOf(text, found.offset);
  return error;
}

interface Found {
  readonly message: string;
  readonly offset: number;
}

const outsideTexts = /"(?:[^"\\]|\\[^])*"|[A-Za-z_$][A-Za-z0-9_$]*|'/g;

function wrongWord(text: string): Found | undefined {
  for (const { 0: word, index } of text.matchAll(outsideTexts)) {
    if (word === "'") return undefined;
    if (word.startsWith('"') || ['true', 'false', 'null'].includes(word) || /[0-9]$/.test(text.slice(0, index))) continue;
    if (/[{,]\s*$/.test(text.slice(Math.max(0, index - 50), index))) return undefined;
    const message = `Unrecognized token '${word}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')`;
    return { message, offset: index + word.length };
  }
  return undefined;
}

function wrongName(text: string): Found | undefined {
  const found = /^(\s*\{\s*)([^"\s}])/.exec(text);
  if (found?.[2] === undefined) return undefined;
  const message = `Unexpected character ('${found[2]}' (code ${found[2].charCodeAt(0)})): was expecting double-quote to start field name`;
  return { message, offset: found[1]?.length ?? 0 };
}
