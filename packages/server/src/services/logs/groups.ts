import type { LogsOperations } from '@mayfly/wire';
import { pageOf, scopeOf, type Page, type Records } from '../kit/index.ts';
import { badToken, exists, limitExceeded, noGroup } from './faults.ts';

export interface SubscriptionRecord {
  readonly name: string;
  readonly pattern: string;
  readonly destinationArn: string;
  readonly roleArn?: string;
  readonly distribution: 'ByLogStream' | 'Random';
  readonly createdAt: number;
}

export interface MetricFilterRecord {
  readonly name: string;
  readonly pattern: string;
  readonly createdAt: number;
  readonly transformation: {
    readonly metricName: string;
    readonly metricNamespace: string;
    /** A number, `$size`, a selector or a column. */
    readonly metricValue: string;
    readonly defaultValue?: number;
    readonly unit?: string;
    readonly dimensions?: Readonly<Record<string, string>>;
  };
}

export interface GroupRecord {
  /** Never used again, so what is left of a deleted group cannot show in a new one of its name. */
  readonly id: number;
  readonly name: string;
  readonly createdAt: number;
  readonly class: string;
  readonly retentionDays?: number;
  readonly kmsKeyId?: string;
  readonly protected?: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly subscriptions: readonly SubscriptionRecord[];
  readonly metricFilters: readonly MetricFilterRecord[];
}

export interface PolicyRecord {
  readonly name: string;
  readonly document: string;
  readonly updatedAt: number;
}

type OutputFormat = NonNullable<LogsOperations['PutDeliveryDestination']['input']['outputFormat']>;

export interface DestinationRecord {
  readonly name: string;
  readonly targetArn: string;
  readonly roleArn: string;
  readonly policy?: string;
  readonly createdAt: number;
  readonly tags: Readonly<Record<string, string>>;
}

export interface DeliveryDestinationRecord {
  readonly name: string;
  readonly type: 'S3' | 'CWL' | 'FH' | 'XRAY';
  readonly resourceArn?: string;
  readonly outputFormat?: OutputFormat;
  readonly policy?: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface DeliverySourceRecord {
  readonly name: string;
  readonly resourceArn: string;
  readonly service: string;
  readonly logType: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface DeliveryRecord {
  readonly id: string;
  readonly source: string;
  readonly destinationArn: string;
  readonly destinationType: DeliveryDestinationRecord['type'];
  readonly recordFields?: readonly string[];
  readonly fieldDelimiter?: string;
  readonly s3?: object;
  readonly tags: Readonly<Record<string, string>>;
}

export interface ExportRecord {
  readonly id: string;
  readonly name?: string;
  readonly group: string;
  /** Beginning of their names; all when absent. */
  readonly streams?: string;
  readonly from: number;
  readonly to: number;
  readonly bucket: string;
  readonly prefix: string;
  readonly status: 'PENDING' | 'RUNNING' | 'PENDING_CANCEL' | 'COMPLETED' | 'CANCELLED' | 'FAILED';
  readonly message?: string;
  readonly createdAt: number;
  readonly endedAt?: number;
}

export interface QueryDefinitionRecord {
  readonly id: string;
  readonly name: string;
  readonly text: string;
  readonly language: string;
  readonly groups: readonly string[];
  readonly changedAt: number;
}

export type LogKinds = {
  readonly group: GroupRecord;
  readonly policy: PolicyRecord;
  readonly destination: DestinationRecord;
  readonly deliveryDestination: DeliveryDestinationRecord;
  readonly deliverySource: DeliverySourceRecord;
  readonly delivery: DeliveryRecord;
  readonly exportTask: ExportRecord;
  readonly queryDefinition: QueryDefinitionRecord;
  readonly counter: { readonly last: number };
};
export type LogRecords = Records<LogKinds>;

interface Place {
  readonly account: string;
  readonly region: string;
}

/** More than AWS's quota allows only for those who run their own. */
const mostGroups = 1_000_000;

/** The groups and what is said about them. */
export class Groups {
  readonly records: LogRecords;
  readonly #now: () => number;

  constructor(records: LogRecords, now: () => number) {
    this.records = records;
    this.#now = now;
  }

  find(place: Place, name: string): GroupRecord | undefined {
    return this.records.get('group', scopeOf(place), name);
  }

  /** @throws ResourceNotFoundException */
  get(place: Place, name: string): GroupRecord {
    const group = this.find(place, name);
    if (group === undefined) throw noGroup();
    return group;
  }

  /** @throws ResourceAlreadyExistsException */
  create(place: Place, name: string, more: Partial<GroupRecord> = {}): Promise<GroupRecord> {
    return this.#make(place, name, more, () => {
      throw exists('log group');
    });
  }

  /** The group of this name, made where it is missing. */
  async ensure(place: Place, name: string): Promise<GroupRecord> {
    return this.find(place, name) ?? (await this.#make(place, name, {}, (group) => group));
  }

  #make(
    place: Place,
    name: string,
    more: Partial<GroupRecord>,
    found: (group: GroupRecord) => GroupRecord,
  ): Promise<GroupRecord> {
    return this.records.change((draft) => {
      const scope = scopeOf(place);
      const known = draft.get('group', scope, name);
      if (known !== undefined) return found(known);
      const id = (draft.get('counter', '', 'group')?.last ?? 0) + 1;
      if (id > mostGroups) throw limitExceeded();
      const group: GroupRecord = {
        id,
        name,
        createdAt: Math.floor(this.#now()),
        class: 'STANDARD',
        tags: {},
        subscriptions: [],
        metricFilters: [],
        ...more,
      };
      draft.put('counter', '', 'group', { last: id });
      draft.put('group', scope, name, group);
      return group;
    });
  }

  /** @throws ResourceNotFoundException, and what `edit` throws */
  async edit(place: Place, name: string, edit: (group: GroupRecord) => GroupRecord): Promise<void> {
    await this.records.change((draft) => {
      const group = draft.get('group', scopeOf(place), name);
      if (group === undefined) throw noGroup();
      draft.put('group', scopeOf(place), name, edit(group));
    });
  }

  all(place: Place): readonly GroupRecord[] {
    return this.records.list('group', scopeOf(place));
  }

  page(
    place: Place,
    options: { limit: number; token: string | undefined; keep: (group: GroupRecord) => boolean },
  ): Page<GroupRecord> {
    const groups = this.all(place).filter(options.keep);
    return pageOf(groups, { limit: options.limit, token: options.token, nameOf: ({ name }) => name, invalid: badToken });
  }
}

/** What retention has taken is not shown, trimmed or not. */
export const floorOf = ({ retentionDays }: GroupRecord, nowMs: number): number =>
  retentionDays === undefined ? 0 : Math.floor(nowMs) - retentionDays * 86_400_000;

export const groupArn = (place: Place, name: string): string => `arn:aws:logs:${place.region}:${place.account}:log-group:${name}`;

/** A group is named by its name, or by its ARN with or without the star. @source notes on real clients, gotcha 15 */
export function groupNameOf(named: string | undefined, identified?: string): string {
  const text = identified ?? named ?? '';
  const found = /^arn:[\w-]+:logs:[\w-]*:\d*:log-group:([^:]+)(:\*)?$/.exec(text);
  return found?.[1] ?? text;
}
