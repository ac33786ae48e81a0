import { ServiceFault, type Call, type DynamoDbOperations, type Handlers } from '@mayfly/wire';
import { tableName } from './catalogue.ts';
import { invalid, tableNotFound } from './faults.ts';
import type { Room } from './room.ts';
import type { Table } from './table.ts';
import { replace } from './tables.ts';
import type { TimeToLive } from './ttl.ts';

type Settings = Pick<
  Handlers<DynamoDbOperations>,
  | 'DescribeTimeToLive'
  | 'UpdateTimeToLive'
  | 'DescribeContinuousBackups'
  | 'UpdateContinuousBackups'
  | 'DescribeLimits'
  | 'DescribeEndpoints'
  | 'DescribeContributorInsights'
  | 'UpdateContributorInsights'
  | 'ListContributorInsights'
  | 'TagResource'
  | 'UntagResource'
  | 'ListTagsOfResource'
>;

/** What surrounds a table, and what Terraform and consoles read of it. */
export function settingHandlers(room: Room, ttl: TimeToLive): Settings {
  const find = (call: Call, name: string | undefined): Table => {
    const table = room.catalogue.find(call, name ?? '');
    if (table === undefined) throw tableNotFound(tableName(name ?? ''));
    return table;
  };
  const byArn = (call: Call, arn: string | undefined): Table => {
    const table = room.catalogue.find(call, arn ?? '');
    if (table === undefined || table.arn !== arn) {
      throw new ServiceFault('ResourceNotFoundException', `Requested resource not found: ResourcArn: ${arn} not found`);
    }
    return table;
  };
  return {
    DescribeTimeToLive(input, call) {
      const { ttlAttribute } = find(call, input.TableName);
      return Promise.resolve({
        TimeToLiveDescription:
          ttlAttribute === undefined
            ? { TimeToLiveStatus: 'DISABLED' as const }
            : { TimeToLiveStatus: 'ENABLED' as const, AttributeName: ttlAttribute },
      });
    },
    async UpdateTimeToLive(input, call) {
      const table = find(call, input.TableName);
      const { Enabled: enabled = false, AttributeName: name = '' } = input.TimeToLiveSpecification ?? {};
      if (enabled && table.ttlAttribute === name) throw invalid('TimeToLive is already enabled');
      if (!enabled && table.ttlAttribute === undefined) throw invalid('TimeToLive is already disabled');
      if (table.ttlAttribute !== undefined && table.ttlAttribute !== name) {
        throw invalid(`TimeToLive is active on a different AttributeName: current AttributeName is ${table.ttlAttribute}`);
      }
      const { ttlAttribute: _, ...rest } = table;
      const next: Table = enabled ? { ...rest, ttlAttribute: name } : rest;
      await replace(room, table, next);
      await ttl.mark(next);
      return { TimeToLiveSpecification: { Enabled: enabled, AttributeName: name } };
    },
    DescribeContinuousBackups(input, call) {
      return Promise.resolve({ ContinuousBackupsDescription: backups(find(call, input.TableName), room.clock.now()) });
    },
    async UpdateContinuousBackups(input, call) {
      const table = find(call, input.TableName);
      const { PointInTimeRecoveryEnabled: enabled = false, RecoveryPeriodInDays: days } =
        input.PointInTimeRecoverySpecification ?? {};
      const next: Table = { ...table, pointInTimeRecovery: enabled, ...(days === undefined ? {} : { recoveryDays: days }) };
      await replace(room, table, next);
      return { ContinuousBackupsDescription: backups(next, room.clock.now()) };
    },
    DescribeLimits: () =>
      Promise.resolve({
        AccountMaxReadCapacityUnits: 80_000,
        AccountMaxWriteCapacityUnits: 80_000,
        TableMaxReadCapacityUnits: 40_000,
        TableMaxWriteCapacityUnits: 40_000,
      }),
    DescribeEndpoints: (_, call) =>
      Promise.resolve({ Endpoints: [{ Address: new URL(call.origin).host, CachePeriodInMinutes: 1440 }] }),
    DescribeContributorInsights(input, call) {
      const table = find(call, input.TableName);
      const { IndexName } = input;
      return Promise.resolve({
        TableName: table.name,
        ...(IndexName === undefined ? {} : { IndexName }),
        ...insightsOf(table, IndexName),
      });
    },
    async UpdateContributorInsights(input, call) {
      const table = find(call, input.TableName);
      const { IndexName, ContributorInsightsMode: mode = 'ACCESSED_AND_THROTTLED_KEYS' } = input;
      if (IndexName !== undefined && !table.indexes.some(({ name }) => name === IndexName))
        throw new ServiceFault('ResourceNotFoundException', `Requested resource not found: Index: ${IndexName} not found`);
      const enabled = input.ContributorInsightsAction === 'ENABLE';
      const { [IndexName ?? '']: _old, ...others } = table.insights ?? {};
      const insights = enabled ? { ...others, [IndexName ?? '']: { mode, changedAtMs: room.clock.now() } } : others;
      await replace(room, table, { ...table, insights });
      return {
        TableName: table.name,
        ...(IndexName === undefined ? {} : { IndexName }),
        ContributorInsightsStatus: enabled ? ('ENABLING' as const) : ('DISABLING' as const),
        ...(enabled ? { ContributorInsightsMode: mode } : {}),
      };
    },
    ListContributorInsights(input, call) {
      const tables = input.TableName === undefined ? room.catalogue.list(call) : [find(call, input.TableName)];
      return Promise.resolve({
        ContributorInsightsSummaries: tables.flatMap((table) =>
          Object.keys(table.insights ?? {}).map((index) => {
            const { ContributorInsightsStatus, ContributorInsightsMode } = insightsOf(table, index);
            return {
              TableName: table.name,
              ...(index === '' ? {} : { IndexName: index }),
              ContributorInsightsStatus,
              ContributorInsightsMode,
            };
          }),
        ),
      });
    },
    async TagResource(input, call) {
      const table = byArn(call, input.ResourceArn);
      const tags = {
        ...table.tags,
        ...Object.fromEntries((input.Tags ?? []).map(({ Key: key = '', Value: value = '' }) => [key, value])),
      };
      if (Object.keys(tags).length > 50)
        throw invalid('One or more parameter values were invalid: Too many tags: the limit is 50');
      await replace(room, table, { ...table, tags });
      return {};
    },
    async UntagResource(input, call) {
      const table = byArn(call, input.ResourceArn);
      const tags = Object.fromEntries(Object.entries(table.tags).filter(([key]) => input.TagKeys?.includes(key) !== true));
      await replace(room, table, { ...table, tags });
      return {};
    },
    ListTagsOfResource(input, call) {
      const { tags } = byArn(call, input.ResourceArn);
      return Promise.resolve({ Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) });
    },
  };
}

/** The setting is kept for clients that read it back; nobody counts contributors. */
function insightsOf(table: Table, index = '') {
  const kept = table.insights?.[index];
  if (kept === undefined) return { ContributorInsightsStatus: 'DISABLED' as const };
  return {
    ContributorInsightsStatus: 'ENABLED' as const,
    ContributorInsightsMode: kept.mode as 'THROTTLED_KEYS',
    LastUpdateDateTime: new Date(kept.changedAtMs),
  };
}

/** The setting is kept for clients that read it back; what is restored is the table as it is. */
function backups(table: Table, nowMs: number) {
  const on = table.pointInTimeRecovery;
  return {
    ContinuousBackupsStatus: 'ENABLED' as const,
    PointInTimeRecoveryDescription: {
      PointInTimeRecoveryStatus: on ? ('ENABLED' as const) : ('DISABLED' as const),
      ...(on
        ? {
            RecoveryPeriodInDays: table.recoveryDays ?? 35,
            EarliestRestorableDateTime: new Date(table.createdAtMs),
            LatestRestorableDateTime: new Date(Math.max(table.createdAtMs, nowMs - 300_000)),
          }
        : {}),
    },
  };
}
