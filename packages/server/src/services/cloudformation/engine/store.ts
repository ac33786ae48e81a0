import type { Clock, Random } from '../../../base/index.ts';
import { openText, sealText, type RecordDraft, type Records, type Sealer } from '../../kit/index.ts';
import type { Fields } from '../template/template.ts';
import type { Blueprint, Instance, Kinds, Resource, ResourceStatus, Stack, StackEvent, StackStatus } from './records.ts';

export type Draft = RecordDraft<Kinds>;

/** Events of one stack; ours. AWS forgets them after 90 days. */
const mostEvents = 2_000;
/** Deleted stacks that can still be described, of an account in a region; ours. AWS forgets them after 90 days. */
const mostDeleted = 100;

export const placeOf = ({ account, region }: { readonly account: string; readonly region: string }): string =>
  `${account}/${region}`;

/** Stacks and what belongs to them, as they lie on the disk. */
export class StackStore {
  readonly records: Records<Kinds>;
  readonly #sealer: Sealer;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #numbers = new Map<string, number>();
  /** When the last event was, so that the next one is later: clients sort them by their time. */
  #lastEventMs = 0;

  constructor(options: {
    readonly records: Records<Kinds>;
    readonly sealer: Sealer;
    readonly clock: Clock;
    readonly random: Random;
  }) {
    this.records = options.records;
    this.#sealer = options.sealer;
    this.#clock = options.clock;
    this.#random = options.random;
  }

  stack(id: string): Stack | undefined {
    const [, , , region = '', account = ''] = id.split(':');
    return this.records.get('stack', placeOf({ account, region }), id);
  }

  /** By its id, deleted or not, or by its name while it is there. */
  find(place: { readonly account: string; readonly region: string }, nameOrId: string): Stack | undefined {
    const id = nameOrId.startsWith('arn:') ? nameOrId : this.records.get('name', placeOf(place), nameOrId)?.id;
    return id === undefined ? undefined : this.records.get('stack', placeOf(place), id);
  }

  blueprint(stack: Stack, which: 'now' | 'next'): Blueprint | undefined {
    return this.records.get('blueprint', placeOf(stack), `${stack.id}/${which}`);
  }

  resources(stackId: string): readonly Resource[] {
    return this.records.list('resource', stackId);
  }

  resource(stackId: string, logicalId: string): Resource | undefined {
    return this.records.get('resource', stackId, logicalId);
  }

  /** Newest first. */
  events(stackId: string): readonly StackEvent[] {
    return this.records.list('event', stackId).toReversed();
  }

  properties(instance: Instance): Fields {
    return JSON.parse(openText(this.#sealer, instance.properties) ?? '{}') as Fields;
  }

  instance(type: string, physicalId: string, properties: Fields, attributes: Fields): Instance {
    return { type, physicalId, properties: sealText(this.#sealer, JSON.stringify(properties)), attributes };
  }

  /** Everything of a change at once, or nothing. */
  change<T>(work: (draft: Draft) => T): Promise<T> {
    return this.records.change(work);
  }

  /** A stack's next state, told as an event where its status changes. */
  putStack(draft: Draft, stack: Stack, event?: { readonly reason?: string }): void {
    draft.put('stack', placeOf(stack), stack.id, stack);
    if (event === undefined) return;
    this.#tell(draft, stack.id, {
      id: this.#random.uuid(),
      logicalId: stack.name,
      physicalId: stack.id,
      type: 'AWS::CloudFormation::Stack',
      status: stack.status as ResourceStatus,
      ...(event.reason === undefined ? {} : { reason: event.reason }),
      ...(stack.clientToken === undefined ? {} : { clientToken: stack.clientToken }),
      atMs: this.#clock.now(),
    });
  }

  /** A resource's next state, told as an event. */
  putResource(draft: Draft, stack: Stack, resource: Resource): void {
    draft.put('resource', stack.id, resource.logicalId, resource);
    this.tellResource(draft, stack, resource);
  }

  tellResource(
    draft: Draft,
    stack: Stack,
    { logicalId, type, status, reason, instance }: Pick<Resource, 'logicalId' | 'type' | 'status' | 'reason' | 'instance'>,
  ): void {
    const atMs = this.#clock.now();
    this.#tell(draft, stack.id, {
      id: `${logicalId}-${status}-${new Date(atMs).toISOString()}`,
      logicalId,
      physicalId: instance?.physicalId ?? '',
      type,
      status,
      ...(reason === undefined ? {} : { reason }),
      ...(stack.clientToken === undefined ? {} : { clientToken: stack.clientToken }),
      atMs,
    });
  }

  /** A deleted stack can still be described; its name is free, and the oldest of many is forgotten. */
  forgetOld(draft: Draft, stack: Stack): void {
    const place = placeOf(stack);
    if (draft.get('name', place, stack.name)?.id === stack.id) draft.delete('name', place, stack.name);
    for (const set of draft.list('changeSet', place)) {
      if (set.stackId !== stack.id) continue;
      draft.delete('blueprint', place, set.id);
    }
    const gone = draft.list('stack', place).filter(({ deletedAtMs }) => deletedAtMs !== undefined);
    const oldest = gone.toSorted((a, b) => (a.deletedAtMs ?? 0) - (b.deletedAtMs ?? 0));
    for (const each of oldest.slice(0, Math.max(0, oldest.length - mostDeleted))) this.forget(draft, each);
  }

  forget(draft: Draft, stack: Stack): void {
    const place = placeOf(stack);
    for (const { logicalId } of draft.list('resource', stack.id)) draft.delete('resource', stack.id, logicalId);
    const last = this.#numbers.get(stack.id) ?? this.#lastNumber(stack.id);
    for (let number = Math.max(1, last - mostEvents); number <= last; number += 1)
      draft.delete('event', stack.id, eventName(number));
    for (const set of draft.list('changeSet', place)) {
      if (set.stackId !== stack.id) continue;
      draft.delete('blueprint', place, set.id);
      draft.delete('changeSet', place, set.id);
    }
    draft.delete('blueprint', place, `${stack.id}/now`);
    draft.delete('blueprint', place, `${stack.id}/next`);
    if (draft.get('name', place, stack.name)?.id === stack.id) draft.delete('name', place, stack.name);
    draft.delete('stack', place, stack.id);
  }

  #tell(draft: Draft, stackId: string, event: StackEvent): void {
    const number = (this.#numbers.get(stackId) ?? this.#lastNumber(stackId)) + 1;
    this.#numbers.set(stackId, number);
    this.#lastEventMs = Math.max(event.atMs, this.#lastEventMs + 1);
    draft.put('event', stackId, eventName(number), { ...event, atMs: this.#lastEventMs });
    draft.delete('event', stackId, eventName(number - mostEvents));
  }

  #lastNumber(stackId: string): number {
    let last = 0;
    for (const [name] of this.records.entries('event', stackId)) last = Math.max(last, Number(name));
    return last;
  }
}

const eventName = (number: number): string => String(number).padStart(9, '0');

/** A stack without the reason of its last status. */
export const inStatus = (stack: Stack, status: StackStatus, reason?: string): Stack => {
  const { reason: _old, ...rest } = stack;
  return { ...rest, status, ...(reason === undefined ? {} : { reason }) };
};
