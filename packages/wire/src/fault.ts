/**
 * A modelled error: the caller's fault or a condition AWS has a name for. Thrown by handlers and by
 * the wire itself; `encodeFault` writes it in the caller's protocol. Status, and whether the text
 * travels as `message` or `Message`, come from the service's schema unless given here.
 *
 * @source spec 0.1-09
 */
export class ServiceFault extends Error {
  /** Exception name as on the wire, for example `ResourceNotFoundException`. */
  readonly code: string;
  /** HTTP status; absent = what the schema says, or 400. */
  readonly status: number | undefined;
  /** Further members of the exception's shape, for example `{ Reason: 'CallerRateLimitExceeded' }`. */
  readonly members: Readonly<Record<string, unknown>>;
  /** Further response headers, for example `Retry-After`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: string,
    message: string,
    options: {
      readonly status?: number;
      readonly members?: Readonly<Record<string, unknown>>;
      readonly headers?: Readonly<Record<string, string>>;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = code;
    this.code = code;
    this.status = options.status;
    this.members = options.members ?? {};
    this.headers = options.headers ?? {};
  }
}
