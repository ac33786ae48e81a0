import { split } from './wildcard.ts';

/**
 * How many prefixes of wildcards one text can match at once: what a machine that looks for all of them has to keep in
 * mind. Every star, once passed, stays; behind it each beginning of the next piece counts that ends the text read so far.
 *
 * @param wildcards  of one field
 * @source aws/event-ruler, README on the complexity of machines, read 2026-11
 */
export function reachOf(wildcards: Iterable<string>): number {
  const all = [...new Set(wildcards)].map((text) => {
    const [head = '', ...pieces] = split(text);
    return { head, pieces };
  });
  const starred = all.filter(({ pieces }) => pieces.length > 0);
  // A text begins in one way: with the longest of some heads that begin each other.
  return Math.max(
    0,
    ...new Set(starred.map(({ head }) => head)).values().map((longest) => {
      const together = starred.filter(({ head }) => longest.startsWith(head));
      const heads = new Set(together.map(({ head }) => head));
      const stars = together.reduce((sum, { pieces }) => sum + pieces.length - 1, heads.size);
      return stars + mostBeginnings(together.flatMap(({ pieces }) => pieces));
    }),
  );
}

/** The most beginnings of pieces that end one text; the longest of them is such a text. */
function mostBeginnings(pieces: readonly string[]): number {
  const beginnings = pieces.flatMap((piece) => Array.from(piece, (_, index) => piece.slice(0, index + 1)));
  let most = 0;
  for (const text of new Set(beginnings)) {
    most = Math.max(most, beginnings.filter((each) => text.endsWith(each)).length);
    if (most > enough) break;
  }
  return most;
}

/** Nobody allows more, so nobody has to know how many there are. */
const enough = 1_000;
