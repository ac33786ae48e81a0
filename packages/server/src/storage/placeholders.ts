/**
 * How many `?` a statement has, outside of strings, quoted names and comments. SQLite takes a missing
 * value for NULL without a word, which is why they are counted.
 */
export function countPlaceholders(sql: string): number {
  let count = 0;
  for (const [part] of sql.matchAll(skippedOrPlaceholder)) if (part === '?') count += 1;
  return count;
}

// Each alternative begins with a different character and none nests, so the time is linear in the text.
const skippedOrPlaceholder = /'[^']*'|"[^"]*"|--[^\n]*|\/\*[^]*?\*\/|\?/g;
