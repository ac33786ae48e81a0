import { ServiceFault } from '@mayfly/wire';
import type { Clock } from '../../base/index.ts';
import { pageOf, type Records } from '../kit/index.ts';
import { badToken, invalidValue, type CloudWatchHandlers } from './faults.ts';

export interface DashboardRecord {
  readonly name: string;
  readonly body: string;
  readonly modifiedAt: number;
}

const mostDashboards = 500;

/** Dashboards: kept for those who draw them. They belong to the account, not to a region. */
export function dashboardHandlers({
  records,
  clock,
}: {
  readonly records: Records<{ readonly dashboard: DashboardRecord }>;
  readonly clock: Clock;
}) {
  return {
    async PutDashboard(input, call) {
      const name = input.DashboardName ?? '';
      const body = input.DashboardBody ?? '';
      if (!/^[\w-]{1,255}$/.test(name)) {
        throw invalidValue(
          `The value ${name} for field DashboardName contains invalid characters. It can only contain alphanumerics, dash (-) and underscore (_).\n`,
        );
      }
      if (!isObject(body))
        throw new ServiceFault('InvalidParameterInput', 'The field DashboardBody must be a valid JSON object', { status: 400 });
      await records.change((draft) => {
        if (
          draft.get('dashboard', call.account, name) === undefined &&
          draft.count('dashboard', call.account) >= mostDashboards
        ) {
          throw invalidValue(`An account has at most ${mostDashboards} dashboards.`);
        }
        draft.put('dashboard', call.account, name, { name, body, modifiedAt: Math.floor(clock.now()) });
      });
      return { DashboardValidationMessages: [] };
    },
    async GetDashboard(input, call) {
      const found = records.get('dashboard', call.account, input.DashboardName ?? '');
      if (found === undefined) throw missing(input.DashboardName);
      return { DashboardArn: arnOf(call.account, found.name), DashboardBody: found.body, DashboardName: found.name };
    },
    async ListDashboards(input, call) {
      const all = records.list('dashboard', call.account).filter(({ name }) => name.startsWith(input.DashboardNamePrefix ?? ''));
      const page = pageOf(all, { limit: 1_000, token: input.NextToken, nameOf: ({ name }) => name, invalid: badToken });
      return {
        DashboardEntries: page.items.map(({ name, body, modifiedAt }) => ({
          DashboardName: name,
          DashboardArn: arnOf(call.account, name),
          LastModified: new Date(modifiedAt),
          Size: Buffer.byteLength(body),
        })),
        ...(page.next === undefined ? {} : { NextToken: page.next }),
      };
    },
    async DeleteDashboards(input, call) {
      await records.change((draft) => {
        for (const name of input.DashboardNames ?? [])
          if (draft.get('dashboard', call.account, name) === undefined) throw missing(name);
        for (const name of input.DashboardNames ?? []) draft.delete('dashboard', call.account, name);
      });
      return {};
    },
  } satisfies CloudWatchHandlers;
}

const arnOf = (account: string, name: string): string => `arn:aws:cloudwatch::${account}:dashboard/${name}`;
const missing = (name: string | undefined): ServiceFault =>
  new ServiceFault('ResourceNotFound', `Dashboard ${name} does not exist`, { status: 404 });

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
