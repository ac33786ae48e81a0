import { scanColumns } from './columns.ts';
import { scanJsonPattern, scanSelector, select } from './json.ts';
import { PatternError, Scanner } from './scanner.ts';
import { scanTerms } from './terms.ts';

export { PatternError } from './scanner.ts';

/** What a line that matched can tell about itself. */
export interface Match {
  /** Value of `$.selector` or `$column`; undefined when there is none, or it is not a scalar. */
  value(name: string): string | number | undefined;
  /** Columns of a space-delimited pattern. */
  readonly columns: ReadonlyMap<string, string>;
}

export interface Pattern {
  /** The line as a match, or undefined. */
  match(message: string): Match | undefined;
}

/**
 * Reads a filter pattern: words, a JSON pattern in braces, or a space-delimited one in brackets. Nothing
 * matches everything.
 *
 * @throws PatternError
 * @source CloudWatch Logs User Guide, "Filter pattern syntax", read 2026-11
 */
export function toPattern(text: string): Pattern {
  const scanner = new Scanner(text);
  scanner.skipSpace();
  if (scanner.peek() === '{') {
    const test = scanJsonPattern(scanner);
    ended(scanner);
    return {
      match: (message) => {
        const document = parsed(message);
        return document !== undefined && test(document) ? jsonMatch(document) : undefined;
      },
    };
  }
  if (scanner.peek() === '[') {
    const columns = scanColumns(scanner);
    ended(scanner);
    return {
      match: (message) => {
        const found = columns.match(message);
        return found === undefined ? undefined : { columns: found, value: (name) => found.get(name) };
      },
    };
  }
  const test = scanTerms(scanner);
  return { match: (message) => (test(message) ? bareMatch(message) : undefined) };
}

function ended(scanner: Scanner): void {
  scanner.skipSpace();
  if (!scanner.done) throw scanner.fail('Nothing more is expected');
}

/** Selectors work on JSON lines whatever the pattern was. */
const bareMatch = (message: string): Match => ({
  columns: none,
  value: (name) => jsonMatch(parsed(message)).value(name),
});

const jsonMatch = (document: unknown): Match => ({
  columns: none,
  value: (name) => {
    try {
      const [value] = select(document, scanSelector(new Scanner(name)));
      return typeof value === 'string' || typeof value === 'number' ? value : undefined;
    } catch (error) {
      if (error instanceof PatternError) return undefined;
      throw error;
    }
  },
});

const none: ReadonlyMap<string, string> = new Map();

function parsed(message: string): object | undefined {
  if (!/^\s*[{[]/.test(message)) return undefined;
  try {
    return JSON.parse(message) as object;
  } catch {
    return undefined;
  }
}
