/**
 * Why an archive was refused, as it comes out of the thread that looked at it. `detail` is for the
 * server's log and the tests: Lambda tells its callers no more than the sentences below.
 */
export interface Refusal {
  /** `sealed`: signed already, where it was to be signed. */
  readonly kind: 'malformed' | 'tooLarge' | 'empty' | 'sealed';
  readonly detail: string;
}

/** Thrown while an archive is read; never leaves the room. */
export class RefusedArchive extends Error {
  readonly refusal: Refusal;

  constructor(kind: Refusal['kind'], detail: string) {
    super(detail);
    this.refusal = { kind, detail };
  }
}
