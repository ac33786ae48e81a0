import type { Clock } from '../../../base/index.ts';
import type { Aws } from '../aws.ts';
import type { Fields } from '../template/template.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- what a template holds; the operation it is given to checks it
export type Properties = Readonly<Record<string, any>>;

/** What came of making or changing something. */
export interface Made {
  /** What `Ref` gives. */
  readonly id: string;
  /** What `Fn::GetAtt` gives. */
  readonly attributes?: Fields;
  /** The update made another thing, which takes the place of the old one. */
  readonly replaced?: boolean;
}

/** What a resource is made in, and what helps with making it. */
export interface Making {
  readonly aws: Aws;
  /** Its own name, or one made for it. */
  readonly name: string;
  /** The same for the same making, also when it is tried again after a restart. */
  readonly token: string;
  readonly account: string;
  readonly region: string;
  readonly stackId: string;
  readonly stackName: string;
  readonly logicalId: string;
  readonly type: string;
  /** Of the stack. */
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly clock: Clock;
  /** Aborted when the server stops or the operation is cancelled. */
  readonly signal: AbortSignal;
  /** Answers and signals from outside. */
  readonly waiting: Waiting;
  /** Polls until there is something. @throws Error when it takes longer than `withinMs` */
  until<T>(look: () => Promise<T | undefined>, withinMs?: number): Promise<T>;
}

export interface Waiting {
  /** Where an answer may be put to: a URL that needs no signature. */
  url(token: string, from: 'function' | 'anywhere'): string;
  /** Answers under a token so far, newest last. */
  answers(token: string): readonly Fields[];
  /** Resolves at the next answer under a token, or when the signal is aborted. */
  next(token: string, signal: AbortSignal): Promise<void>;
  open(token: string, stackId: string, logicalId: string): Promise<void>;
  close(token: string): Promise<void>;
}

export interface ResourceType {
  /** What becomes of the resource when a property changes. Properties that are not here are unknown. */
  readonly properties: Readonly<Record<string, Behaviour>>;
  readonly required?: readonly string[];
  /** Names for `Fn::GetAtt`; 'any' where only the resource itself knows. */
  readonly attributes?: readonly string[] | 'any';
  /** How it is called when its own property does not say. */
  readonly name?: NameRule;
  /** Whether something of this name is there already. */
  readonly exists?: (name: string, making: Making) => Promise<unknown>;
  /** @throws ServiceFault why it could not be made */
  readonly create: (properties: Properties, making: Making) => Promise<Made>;
  /** Changes in place. Absent where every property replaces. */
  readonly update?: (id: string, properties: Properties, before: Properties, making: Making) => Promise<Made>;
  /** What is not there any more counts as deleted. */
  readonly delete: (id: string, properties: Properties, making: Making) => Promise<unknown>;
  /** Needs a capability of the caller's. */
  readonly iam?: { readonly nameProperty?: string };
}

/** `unapplied`: taken, and told in the resource's status that nothing here applies it. */
export type Behaviour = 'updates' | 'replaces' | 'unapplied';

export interface NameRule {
  readonly property: string;
  readonly most: number;
  readonly lower?: true;
  /** Behind the name: `.fifo`. */
  readonly suffix?: (properties: Properties) => string;
}

/** Names apart by blanks. */
export function behaviours(table: Readonly<Partial<Record<Behaviour, string>>>): Readonly<Record<string, Behaviour>> {
  return Object.fromEntries(
    Object.entries(table).flatMap(([behaviour, names]) =>
      names
        .split(/\s+/)
        .filter((name) => name !== '')
        .map((name) => [name, behaviour as Behaviour]),
    ),
  );
}

/** Tags of the resource itself over those of the stack. */
export function tagsOf({ Tags: own }: Properties, { tags }: Pick<Making, 'tags'>): readonly { Key: string; Value: string }[] {
  return Object.entries(tagMap(own, { tags })).map(([Key, Value]) => ({ Key, Value }));
}

/** The same as a map; templates have either. */
export function tagMap(own: unknown, { tags }: Pick<Making, 'tags'>): Readonly<Record<string, string>> {
  const pairs: [string, string][] = Array.isArray(own)
    ? own.map((tag: { Key: string; Value: unknown }) => [tag.Key, String(tag.Value)])
    : Object.entries((own ?? {}) as Readonly<Record<string, unknown>>).map(([key, value]) => [key, String(value)]);
  return { ...Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])), ...Object.fromEntries(pairs) };
}

/** Which tags to set and which to take away. */
export function tagChanges(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): { readonly set: Readonly<Record<string, string>>; readonly gone: readonly string[] } {
  return {
    set: Object.fromEntries(Object.entries(after).filter(([key, value]) => before[key] !== value)),
    gone: Object.keys(before).filter((key) => !Object.hasOwn(after, key)),
  };
}
