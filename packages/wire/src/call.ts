/** Who calls, as the signature (or its absence) says. */
export type Caller =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'signed';
      readonly accessKeyId: string;
      /** `arn:aws:iam::<account>:root`, a user's, or an assumed role's. */
      readonly arn: string;
      readonly userId: string;
      readonly account: string;
      /** Of short-lived credentials whose signature was verified. */
      readonly sessionToken?: string;
    };

/** What a handler may know of the call besides its input. */
export interface Call {
  readonly requestId: string;
  /** Service as we name it: `lambda`, `sts`, `iam`, `logs` … */
  readonly service: string;
  /** For example `CreateFunction`. */
  readonly operation: string;
  /** The account whose state this call sees. */
  readonly account: string;
  readonly region: string;
  readonly caller: Caller;
  /** Aborted when the client hangs up. */
  readonly signal: AbortSignal;
  /** Origin as the client reached us, for URLs we return: `http://127.0.0.1:4566`. */
  readonly origin: string;
  /** Lower-case request headers that no member is bound to. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Address of the client; absent for one in a sandbox. */
  readonly sourceIp?: string | undefined;
}

/**
 * One function per operation. `input` has passed decoding and the model's constraints; what is
 * returned is encoded by the schema. A missing operation does not compile: write `notYet('Name')`.
 */
export type Handler<Input, Output> = (input: Input, call: Call) => Promise<Output>;
export type Handlers<Operations extends OperationTypes> = {
  readonly [Name in keyof Operations]: Handler<Operations[Name]['input'], Operations[Name]['output']>;
};
export type OperationTypes = Record<string, { input: object; output: object }>;
