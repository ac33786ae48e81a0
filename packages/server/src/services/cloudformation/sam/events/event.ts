import type { Draft } from '../draft.ts';
import { InvalidResource, invalidEvent } from '../faults.ts';
import { readProperties, type Shape } from '../shape.ts';
import type { Fields } from '../values.ts';

/** Whom events are for. */
export interface Consumer {
  readonly kind: 'function' | 'stateMachine';
  readonly logicalId: string;
  /** What a permission or a mapping is for: `Ref` of the function or of its alias. */
  readonly name: Fields;
  readonly arn: Fields;
}

/** One entry of `Events`. */
export interface Event {
  /** The consumer's and the event's own, joined. */
  readonly logicalId: string;
  readonly name: string;
  readonly type: string;
  readonly properties: Fields;
  readonly consumer: Consumer;
  /** All events of the consumer, as they are written. */
  readonly siblings: Fields;
  /** What a role that is made for the event may at most do. */
  readonly permissionsBoundary?: unknown;
  /** Tags of the consumer, where it hands them on. */
  readonly tags: readonly Fields[] | undefined;
  readonly inherited: Fields;
  readonly draft: Draft;
}

/** What the role of the consumer must hold for its events. */
export interface Needs {
  /** Managed policies, by path and name. */
  readonly managed: readonly string[];
  readonly inline: readonly Fields[];
}

export interface EventType {
  readonly shape: Shape;
  readonly add: (event: Event) => Partial<Needs> | void;
}

export const readEvent = (shape: Shape, event: Event): Event => ({
  ...event,
  properties: readProperties(shape, event.logicalId, event.type, event.properties),
});

/** A fault of an event, in the function that has it. */
export const faulty = ({ consumer, name }: Event, text: string): InvalidResource => invalidEvent(consumer.logicalId, name, text);

/** The same, where SAM speaks of the event by its logical id. */
export const faultyById = ({ consumer, logicalId }: Event, text: string): InvalidResource =>
  invalidEvent(consumer.logicalId, logicalId, text);

/** Lets a service call the function. */
export function permit(
  { logicalId, consumer, inherited, draft }: Event,
  principal: string,
  { suffix = '', ...source }: Fields & { readonly suffix?: string },
): string {
  const permissionId = `${logicalId}Permission${suffix}`;
  draft.add(
    permissionId,
    'AWS::Lambda::Permission',
    { Action: 'lambda:InvokeFunction', FunctionName: consumer.name, Principal: principal, ...source },
    inherited,
  );
  return permissionId;
}
