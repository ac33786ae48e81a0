import type { Call, OperationTypes } from '@mayfly/wire';

export type Context = Readonly<Record<string, string | readonly string[] | undefined>>;

/** One thing that a caller has to be allowed. */
export interface Demand {
  /** `s3:GetObject` */
  readonly action: string;
  /** An ARN, or `*` for what is about nothing in particular. */
  readonly resource: string;
  /** Condition keys beyond those of every request. */
  readonly context?: Context;
  /** ARN of the role in whose name it will be done, later and without the caller; absent = in that of the caller. */
  readonly by?: string;
  /** A role is handed to this service, which must be able to assume it. */
  readonly passedTo?: string;
}

/** Where a call is made: names without an account are looked for here. */
export type Place = Pick<Call, 'account' | 'region' | 'caller'>;

/**
 * What each operation demands. One that is not in the table demands `service:Operation` on the resource
 * that its input names.
 */
export type OperationRules<Operations extends OperationTypes> = {
  readonly [Name in keyof Operations]?: (input: Operations[Name]['input'], place: Place) => Demand | readonly Demand[];
};

/** Members of an input whose operation is not known. */
export type AnyInput = Readonly<Record<string, unknown>>;

export interface ServiceRules {
  /** Of its actions: `lambda` in `lambda:CreateFunction`. */
  readonly prefix: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- the operation's name ties the two together
  readonly operations: OperationRules<any>;
  /** The ARN that an input is about; undefined = nothing in particular. */
  resource(input: AnyInput, place: Place): string | undefined;
  /** Operations that every known caller may use. */
  readonly free?: ReadonlySet<string>;
  /** Its handlers look only into the account of the call: one for another's resource is handed to them as if made there. */
  readonly byAccount?: true;
}

export const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
export const isArn = (value: string): boolean => value.startsWith('arn:');

/** @param rest  what follows the account */
export const arnIn = (service: string, { region, account }: Place, rest: string): string =>
  `arn:aws:${service}:${region}:${account}:${rest}`;

/** Handing a role to a service. @source IAM User Guide, "Grant a user permissions to pass a role to an AWS service", read 2026-11 */
export const passRole = (role: string | undefined, service: string, context: Context = {}): readonly Demand[] =>
  role === undefined || role === ''
    ? []
    : [{ action: 'iam:PassRole', resource: role, context: { ...context, 'iam:PassedToService': service }, passedTo: service }];

/** Keys that tags in a request bring. */
export function requestTags(tags: unknown): Context {
  const pairs: readonly (readonly [string, unknown])[] = Array.isArray(tags)
    ? tags.map((tag: AnyInput) => [String(tag['Key'] ?? tag['key'] ?? ''), tag['Value'] ?? tag['value']])
    : typeof tags === 'object' && tags !== null
      ? Object.entries(tags)
      : [];
  if (pairs.length === 0) return {};
  return {
    'aws:TagKeys': pairs.map(([key]) => key),
    ...Object.fromEntries(pairs.map(([key, value]) => [`aws:RequestTag/${key}`, String(value ?? '')])),
  };
}
