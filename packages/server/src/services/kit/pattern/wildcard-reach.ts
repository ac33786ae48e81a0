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

/** A beginning of pieces, in a tree of them. */
interface Beginning {
  readonly next: Map<string, Beginning>;
  /** How many pieces begin so. */
  count: number;
  /** How many beginnings of pieces end it, itself included. */
  ending: number;
  /** The longest other beginning that ends it. */
  within: Beginning | undefined;
}

/**
 * The most beginnings of pieces that end one text; the longest of them is such a text, so the tree has it. In one walk over
 * the tree, because a pattern of four thousand characters has as many beginnings, and to compare each with each takes seconds.
 *
 * @source Aho, Corasick: Efficient string matching, 1975
 */
function mostBeginnings(pieces: readonly string[]): number {
  const beginning = (): Beginning => ({ next: new Map(), count: 0, ending: 0, within: undefined });
  const root = beginning();
  for (const piece of pieces) {
    let at = root;
    for (const character of piece) {
      let next = at.next.get(character);
      if (next === undefined) at.next.set(character, (next = beginning()));
      next.count += 1;
      at = next;
    }
  }
  let most = 0;
  // Shorter ones first.
  const queue = [root];
  for (const parent of queue) {
    for (const [character, each] of parent.next) {
      let shorter = parent.within;
      while (shorter !== undefined && !shorter.next.has(character)) shorter = shorter.within;
      each.within = shorter?.next.get(character) ?? root;
      each.ending = each.count + each.within.ending;
      most = Math.max(most, each.ending);
      queue.push(each);
    }
  }
  return most;
}
