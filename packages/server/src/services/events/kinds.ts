import type { EventBridgeOperations } from '@mayfly/wire';

export type Target = NonNullable<EventBridgeOperations['PutTargets']['input']['Targets']>[number];
export type Tags = Readonly<Record<string, string>>;

export interface Bus {
  readonly name: string;
  readonly arn: string;
  readonly description?: string;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
  readonly policy?: { readonly Version: string; readonly Statement: readonly object[] };
  readonly deadLetterArn?: string;
  readonly kmsKey?: string;
  readonly tags: Tags;
}

export interface Rule {
  readonly name: string;
  readonly bus: string;
  readonly arn: string;
  readonly account: string;
  readonly pattern?: string;
  readonly schedule?: string;
  /** A rate counts from here. */
  readonly scheduledAtMs: number;
  readonly state: 'ENABLED' | 'DISABLED' | 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS';
  readonly description?: string;
  readonly roleArn?: string;
  readonly managedBy?: string;
  readonly targets: readonly Target[];
  readonly tags: Tags;
}

export interface Archive {
  readonly no: number;
  readonly name: string;
  readonly arn: string;
  readonly busArn: string;
  readonly description?: string;
  readonly pattern?: string;
  /** 0 = for ever. */
  readonly retentionDays: number;
  readonly createdAtMs: number;
}

export type ReplayState = 'STARTING' | 'RUNNING' | 'CANCELLING' | 'COMPLETED' | 'CANCELLED' | 'FAILED';

export interface Replay {
  readonly name: string;
  readonly arn: string;
  readonly archiveArn: string;
  readonly description?: string;
  readonly destinationArn: string;
  readonly filterArns?: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
  readonly state: ReplayState;
  /** Number of the last event sent; a restart goes on behind it. */
  readonly lastSeq: number;
  readonly lastEventAtMs?: number;
}

export interface Connection {
  readonly name: string;
  readonly arn: string;
  readonly secretArn: string;
  readonly description?: string;
  readonly type: 'BASIC' | 'OAUTH_CLIENT_CREDENTIALS' | 'API_KEY';
  /** As given, secrets and all; sealed where a key is at hand. */
  readonly sealed: string;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
  readonly isDeauthorized?: boolean;
  /** No token has come yet; OAuth only. */
  readonly isAuthorizing?: boolean;
}

export interface Destination {
  readonly name: string;
  readonly arn: string;
  readonly description?: string;
  readonly connectionArn: string;
  readonly url: string;
  readonly method: string;
  readonly ratePerSecond: number;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
}

/** Documents of EventBridge. Rules are named `<bus>/<rule>`. */
export type EventKinds = {
  readonly bus: Bus;
  readonly rule: Rule;
  readonly archive: Archive;
  readonly replay: Replay;
  readonly connection: Connection;
  readonly destination: Destination;
};
