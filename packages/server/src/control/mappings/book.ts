import type { Logger } from '../../base/index.ts';
import { compact } from '../compact.ts';
import { latest } from '../functions/record.ts';
import { qualifiedArn, type Scope } from '../names.ts';
import type { Shelf } from '../records/shelf.ts';
import { isMoving, type BrokerSettings, type MappingRecord } from './record.ts';

/** A mapping as a poller wants it: every setting with its value, in milliseconds. */
export interface MappingView extends Scope {
  readonly uuid: string;
  readonly functionArn: string;
  /** Empty for self-managed Kafka. */
  readonly eventSourceArn: string;
  readonly enabled: boolean;
  readonly batchSize: number;
  readonly batchWindowMs: number;
  readonly filters: readonly string[];
  readonly reportBatchItemFailures: boolean;
  readonly maximumConcurrency?: number;
  readonly provisionedPollers?: { readonly minimum?: number; readonly maximum?: number };
  readonly startingPosition?: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP';
  readonly startingAtMs?: number;
  readonly parallelizationFactor: number;
  readonly maximumRetryAttempts: number;
  /** -1 = no limit. */
  readonly maximumRecordAgeMs: number;
  readonly bisectOnFunctionError: boolean;
  readonly tumblingWindowMs: number;
  readonly onFailureArn?: string;
  readonly broker?: BrokerView;
}

/** Where a broker is, and how it lets us in. */
export interface BrokerView {
  readonly kind: 'kafka' | 'msk' | 'mq';
  readonly addresses?: readonly string[];
  readonly topics: readonly string[];
  readonly queues: readonly string[];
  readonly consumerGroupId?: string;
  readonly access: readonly { readonly type: string; readonly uri: string }[];
}

export interface MappingProgress {
  readonly state?: 'Enabled' | 'Disabled';
  readonly lastProcessingResult?: string;
}

/** The mappings, for whoever polls. */
export class MappingBook implements Disposable {
  readonly #shelf: Shelf;
  readonly #log: Logger;
  readonly #views = new Map<string, MappingView>();
  /** What the last batch came to; shown, and not worth a write for each batch. */
  readonly #results = new Map<string, string>();
  readonly #listeners = new Set<(uuid: string, mapping: MappingView | undefined) => void>();
  readonly #watch: Disposable;

  constructor(options: { readonly shelf: Shelf; readonly log: Logger }) {
    this.#shelf = options.shelf;
    this.#log = options.log;
    for (const scope of this.#shelf.scopes())
      for (const [uuid, , record] of this.#shelf.desk(scope).all('mapping')) this.#views.set(uuid, viewOf(scope, record));
    this.#watch = this.#shelf.onChange((scope, { edits }) => {
      for (const { kind, name, document } of edits)
        if (kind === 'mapping') this.#turn(scope, name, document as MappingRecord | undefined);
    });
  }

  all(): Iterable<MappingView> {
    return this.#views.values();
  }

  /** Called after each change is on storage; `undefined` = deleted. A change of state alone is none. */
  onChange(listener: (uuid: string, mapping: MappingView | undefined) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** What the mapping shows of its work; does not come back as a change. */
  report(uuid: string, { state, lastProcessingResult }: MappingProgress): void {
    const scope = this.#views.get(uuid);
    if (scope === undefined) return;
    if (lastProcessingResult !== undefined) this.#results.set(uuid, lastProcessingResult);
    if (state === undefined || this.#shelf.desk(scope).get('mapping', uuid)?.state === state) return;
    const done = this.#shelf.change(scope, (desk, change) => {
      const record = desk.get('mapping', uuid);
      if (record !== undefined && record.state !== state) change.put('mapping', uuid, '', { ...record, state });
    });
    done.catch((error: unknown) => this.#log.error('The state of a mapping was not written.', { uuid, error }));
  }

  /** The execution role of its function as it is now; undefined when there is none any more. */
  roleOf(uuid: string): string | undefined {
    const scope = this.#views.get(uuid);
    const desk = scope && this.#shelf.desk(scope);
    const mapping = desk?.get('mapping', uuid);
    if (desk === undefined || mapping === undefined) return undefined;
    const { functionName, qualifier = latest } = mapping;
    const version = desk.get('alias', functionName, qualifier)?.functionVersion ?? qualifier;
    return desk.get('version', functionName, version)?.configuration.role;
  }

  lastResult(uuid: string): string | undefined {
    return this.#results.get(uuid);
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }

  #turn(scope: Scope, uuid: string, record: MappingRecord | undefined): void {
    const view = record && viewOf(scope, record);
    if (JSON.stringify(view) === JSON.stringify(this.#views.get(uuid))) {
      // Nothing that a poller looks at: there is nobody to wait for.
      if (record !== undefined && isMoving(record)) this.report(uuid, { state: record.enabled ? 'Enabled' : 'Disabled' });
      return;
    }
    if (view === undefined) {
      this.#views.delete(uuid);
      this.#results.delete(uuid);
    } else this.#views.set(uuid, view);
    for (const listener of this.#listeners) listener(uuid, view);
  }
}

const viewOf = (
  scope: Scope,
  { uuid, kind, functionName, qualifier, eventSourceArn, enabled, settings }: MappingRecord,
): MappingView =>
  compact<MappingView>({
    ...scope,
    uuid,
    functionArn: qualifiedArn(scope, functionName, qualifier),
    eventSourceArn: eventSourceArn ?? '',
    enabled,
    batchSize: settings.batchSize,
    batchWindowMs: (settings.batchWindowS ?? 0.5) * 1000,
    filters: settings.patterns ?? [],
    reportBatchItemFailures: settings.responseTypes?.includes('ReportBatchItemFailures') ?? false,
    maximumConcurrency: settings.maximumConcurrency,
    provisionedPollers: pollersOf(settings.broker),
    startingPosition: settings.startingPosition,
    startingAtMs: settings.startingAtMs,
    parallelizationFactor: settings.parallelizationFactor ?? 1,
    maximumRetryAttempts: settings.maximumRetryAttempts ?? -1,
    maximumRecordAgeMs:
      settings.maximumRecordAgeS === undefined || settings.maximumRecordAgeS === -1 ? -1 : settings.maximumRecordAgeS * 1000,
    bisectOnFunctionError: settings.bisect ?? false,
    tumblingWindowMs: (settings.tumblingWindowS ?? 0) * 1000,
    onFailureArn: settings.onFailureArn || undefined,
    broker: kind === 'kafka' || kind === 'msk' || kind === 'mq' ? brokerOf(kind, settings.broker) : undefined,
  });

const pollersOf = ({ ProvisionedPollerConfig: given }: BrokerSettings): MappingView['provisionedPollers'] =>
  given &&
  compact<NonNullable<MappingView['provisionedPollers']>>({ minimum: given.MinimumPollers, maximum: given.MaximumPollers });

const brokerOf = (kind: BrokerView['kind'], given: BrokerSettings): BrokerView =>
  compact<BrokerView>({
    kind,
    addresses: given.SelfManagedEventSource?.Endpoints?.KAFKA_BOOTSTRAP_SERVERS,
    topics: given.Topics ?? [],
    queues: given.Queues ?? [],
    consumerGroupId:
      given.SelfManagedKafkaEventSourceConfig?.ConsumerGroupId ?? given.AmazonManagedKafkaEventSourceConfig?.ConsumerGroupId,
    access: (given.SourceAccessConfigurations ?? []).map(({ Type = '', URI = '' }) => ({ type: Type, uri: URI })),
  });
