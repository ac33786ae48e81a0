import { RE2JS } from 're2js';

const known = new Map<string, RE2JS | undefined>();
const mostKnown = 1_000;

/**
 * A regular expression of an API's owner, or of nobody when it is none. It is matched in time that grows with the text alone, whatever
 * it says, because the server does it.
 */
export function patternOf(text: string): RE2JS | undefined {
  if (known.has(text)) return known.get(text);
  let pattern: RE2JS | undefined;
  try {
    pattern = RE2JS.compile(text, RE2JS.DOTALL);
  } catch {
    pattern = undefined;
  }
  if (known.size >= mostKnown) known.clear();
  known.set(text, pattern);
  return pattern;
}

/** The whole of the text, as Java's `matches`. */
export const isMatched = (pattern: string, text: string): boolean => patternOf(pattern)?.matches(text) === true;
