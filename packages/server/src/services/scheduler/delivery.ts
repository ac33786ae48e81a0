import type { Clock, Logger, Random } from '../../base/index.ts';
import type { Ending, Parcel } from '../kit/outbox.ts';
import type { Sender } from '../kit/sender.ts';
import { backoffMs, bring, bringToQueue, defaultRetryPolicy, type Refusal, type TargetPorts } from '../kit/targets.ts';
import { ServiceFault } from '@mayfly/wire';
import type { Target } from './schedule.ts';

export interface SchedulerPorts extends TargetPorts {
  readonly eventBridge?: {
    put(
      place: { readonly account: string; readonly region: string },
      events: readonly { readonly source: string; readonly detailType: string; readonly detail: object; readonly bus: string }[],
    ): Promise<void>;
  };
}

/** One run of a schedule: the body of a parcel. */
export interface Load {
  readonly scheduleArn: string;
  readonly account: string;
  readonly region: string;
  readonly target: Target;
  readonly executionId: string;
  readonly slotMs: number;
  readonly acceptedAtMs: number;
}

/** A schedule acts in the name of its role. */
const senderOf = ({ scheduleArn, account, target }: Load): Sender => ({
  service: 'scheduler.amazonaws.com',
  sourceArn: scheduleArn,
  sourceAccount: account,
  ...(target.RoleArn === undefined ? {} : { roleArn: target.RoleArn }),
});

/** Brings one run to its target; gives up by the schedule's retry policy, into its dead-letter queue. */
export class Delivery {
  readonly #ports: SchedulerPorts;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Logger;

  constructor(options: { readonly ports: SchedulerPorts; readonly clock: Clock; readonly random: Random; readonly log: Logger }) {
    this.#ports = options.ports;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#log = options.log;
  }

  async deliver(parcel: Parcel, attempt: number): Promise<Ending> {
    const load = JSON.parse(parcel.body) as Load;
    const payload = payloadOf(load, attempt);
    const failure = await this.#attempt(load, payload);
    if (failure === undefined) return { kind: 'done' };
    const exhausted = failure.final ? undefined : this.#exhausted(load, attempt);
    if (!failure.final && exhausted === undefined) return { kind: 'retry', inMs: backoffMs(attempt, this.#random.float()) };
    return this.#bury(load, payload, failure, attempt, exhausted);
  }

  #exhausted({ target, acceptedAtMs }: Load, attempt: number): string | undefined {
    const { MaximumRetryAttempts: retries = defaultRetryPolicy.maximumRetryAttempts, MaximumEventAgeInSeconds: ageS } =
      target.RetryPolicy ?? {};
    const ageMs = ageS === undefined ? defaultRetryPolicy.maximumAgeMs : ageS * 1000;
    if (attempt > retries) return 'MaximumRetryAttempts';
    return this.#clock.now() - acceptedAtMs > ageMs ? 'MaximumEventAgeInSeconds' : undefined;
  }

  async #attempt(load: Load, payload: string): Promise<Refusal | undefined> {
    const { target, executionId, slotMs } = load;
    const arn = target.Arn ?? '';
    if (target.EventBridgeParameters !== undefined) return this.#toBus(load, payload);
    return bring(this.#ports, {
      arn,
      payload,
      id: executionId,
      atMs: slotMs,
      from: senderOf(load),
      ...(target.SqsParameters?.MessageGroupId === undefined ? {} : { messageGroupId: target.SqsParameters.MessageGroupId }),
      ...(target.KinesisParameters?.PartitionKey === undefined ? {} : { partitionKey: target.KinesisParameters.PartitionKey }),
    });
  }

  async #toBus({ target, account, region }: Load, payload: string): Promise<Refusal | undefined> {
    const { Source: source = '', DetailType: detailType = '' } = target.EventBridgeParameters ?? {};
    let detail: unknown;
    try {
      detail = JSON.parse(payload);
    } catch {
      detail = undefined;
    }
    if (typeof detail !== 'object' || detail === null)
      return { code: 'MalformedDetail', message: 'Detail is malformed.', final: true };
    try {
      await this.#ports.eventBridge?.put({ account, region }, [{ source, detailType, detail, bus: target.Arn ?? '' }]);
      return undefined;
    } catch (error) {
      if (error instanceof ServiceFault) return { code: error.code, message: error.message, final: true };
      throw error;
    }
  }

  /** @source EventBridge Scheduler User Guide, "Configuring a dead-letter queue" */
  async #bury(load: Load, payload: string, failure: Refusal, attempt: number, exhausted: string | undefined): Promise<Ending> {
    const queueArn = load.target.DeadLetterConfig?.Arn;
    if (queueArn === undefined) {
      this.#log.debug('A run of a schedule was given up, and it has no dead-letter queue.', {
        schedule: load.scheduleArn,
        reason: failure.code,
      });
      return { kind: 'done' };
    }
    const text = (value: string) => ({ DataType: 'String', StringValue: value });
    const refusal = await bringToQueue(
      this.#ports,
      queueArn,
      payload,
      {
        ERROR_CODE: text(failure.code),
        ERROR_MESSAGE: text(failure.message.slice(0, 1024)),
        EXECUTION_ID: text(load.executionId),
        IS_PAYLOAD_TRUNCATED: text('false'),
        RETRY_ATTEMPTS: { DataType: 'Number', StringValue: String(attempt - 1) },
        SCHEDULE_ARN: text(load.scheduleArn),
        SCHEDULED_TIME: text(new Date(load.slotMs).toISOString()),
        TARGET_ARN: text(load.target.Arn ?? ''),
        ...(exhausted === undefined ? {} : { EXHAUSTED_RETRY_CONDITION: text(exhausted) }),
      },
      senderOf(load),
    );
    if (refusal === undefined || refusal.final || this.#clock.now() - load.acceptedAtMs > 2 * defaultRetryPolicy.maximumAgeMs)
      return { kind: 'done' };
    return { kind: 'retry', inMs: backoffMs(attempt, this.#random.float()) };
  }
}

/** The target's own input with what is known of the run, or an event like EventBridge's. @source spec 7.3-13 */
function payloadOf(load: Load, attempt: number): string {
  const { target, scheduleArn, slotMs, executionId, account, region } = load;
  const time = new Date(slotMs).toISOString().replace(/\.\d+Z$/, 'Z');
  if (target.Input !== undefined) {
    return target.Input.replaceAll('<aws.scheduler.schedule-arn>', scheduleArn)
      .replaceAll('<aws.scheduler.scheduled-time>', time)
      .replaceAll('<aws.scheduler.execution-id>', executionId)
      .replaceAll('<aws.scheduler.attempt-number>', String(attempt));
  }
  return JSON.stringify({
    version: '0',
    id: executionId,
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account,
    time,
    region,
    resources: [scheduleArn],
    detail: '{}',
  });
}
