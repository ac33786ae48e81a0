/** Names and indices from the outermost object to a value. */
export type Path = readonly (string | number)[];

/** How far a reader of JSON has come when it notices: past the opening of the value, or past all of it. */
export type Seen = 'opening' | 'whole';

/** A pattern that is none. The message is what EventBridge and SNS say of it, without their introductions. */
export class PatternError extends Error {
  /** Of the value at fault; undefined where AWS names no place. */
  path: Path | undefined;
  readonly seen: Seen;
  /** AWS says the place twice for items of a list inside `anything-but`. */
  readonly twice: boolean;
  /** The text is not even JSON; `column` is known then. */
  readonly notJson: boolean;
  place: { readonly line: number; readonly column: number } | undefined;

  constructor(
    message: string,
    options: { readonly nowhere?: boolean; readonly seen?: Seen; readonly twice?: boolean; readonly notJson?: boolean } = {},
  ) {
    super(message);
    this.name = 'PatternError';
    this.path = options.nowhere === true ? undefined : [];
    this.seen = options.seen ?? 'opening';
    this.twice = options.twice ?? false;
    this.notJson = options.notJson ?? false;
  }
}

/** Does a part of the work, so that an error in it knows where it was. */
export function at<T>(step: string | number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof PatternError && error.path !== undefined) error.path = [step, ...error.path];
    throw error;
  }
}

/** The place of an error as AWS writes it behind the message; recorded from EventBridge and SNS in 2024 and 2025. */
export function sourceOf(error: PatternError, text: string, redacted = false): string {
  if (error.place === undefined) return '';
  const { line, column } = error.place;
  const shown = text.length > 500 ? `"${text.slice(0, 500)}"[truncated ${text.length - 500} chars]` : `"${text}"`;
  const source = redacted ? 'REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)' : `(String)${shown}`;
  return `\n at [Source: ${source}; line: ${line}, column: ${column}]`.repeat(error.twice ? 2 : 1);
}
