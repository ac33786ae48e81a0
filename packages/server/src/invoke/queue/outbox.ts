import { countFact, type Clock, type Logger, type Recorder, type Subject } from '../../base/index.ts';
import type { DeliveryTarget, Ending, EventPorts, QueuedEvent } from './event.ts';
import type { EventStore } from './event-store.ts';
import { backoffMs } from './retry.ts';

/** Then the hand-off is counted as failed. @source spec 2.9-15 */
const deliveryTries = 5;

/** Brings ended events to their targets. The ending is on storage before this begins, so a crash repeats a delivery and never a run. */
export class Outbox {
  readonly #store: EventStore;
  readonly #deliver: EventPorts['deliver'];
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #signal: AbortSignal;

  constructor(options: {
    readonly store: EventStore;
    readonly deliver: EventPorts['deliver'];
    readonly recorder: Recorder;
    readonly clock: Clock;
    readonly log: Logger;
    readonly signal: AbortSignal;
  }) {
    this.#store = options.store;
    this.#deliver = options.deliver;
    this.#recorder = options.recorder;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#signal = options.signal;
  }

  /** Resolves when every target has it or was given up. @throws the abort reason when the server stops in between */
  async deliver(event: QueuedEvent, ending: Ending, response: Uint8Array | undefined, subject: Subject): Promise<void> {
    const requestPayload = event.payload ?? (await this.#store.payload(event));
    const { account, region, requestId, functionArn, invokedArn, traceId } = event;
    const ended = {
      ...ending,
      account,
      region,
      requestId,
      functionArn,
      invokedArn,
      traceId,
      requestPayload,
      ...(response === undefined ? {} : { responsePayload: response }),
    };
    for (const target of ending.targets) {
      await this.#one(target, subject, async () => {
        if (this.#deliver === undefined) {
          throw Object.assign(new Error(`Nothing here delivers to ${target.arn}.`), { code: 'DELIVERY_UNSUPPORTED' });
        }
        await this.#deliver(ended, target);
      });
    }
  }

  async #one(target: DeliveryTarget, subject: Subject, send: () => Promise<void>): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await send();
      } catch (error) {
        const last = tries === deliveryTries || this.#deliver === undefined;
        if (last) return this.#giveUp(target, subject, error);
        await this.#clock.sleep(backoffMs(tries), { signal: this.#signal });
      }
    }
  }

  #giveUp(target: DeliveryTarget, subject: Subject, error: unknown): void {
    this.#log.warn('An ended event could not be delivered.', { target: target.arn, error });
    const metric = target.kind === 'deadLetter' ? 'DeadLetterErrors' : 'DestinationDeliveryFailures';
    this.#recorder.record(countFact(subject, { metric, value: 1, unit: 'Count', atMs: this.#clock.now() }));
  }
}
