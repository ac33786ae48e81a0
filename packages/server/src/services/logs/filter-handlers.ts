import type { Clock } from '../../base/index.ts';
import { pageOf, scopeOf } from '../kit/index.ts';
import { bounds } from './bounds.ts';
import { recordOf, type Delivery } from './fan.ts';
import { badToken, invalid, limitExceeded, notFound } from './faults.ts';
import type { LogHandlers } from './group-handlers.ts';
import { groupNameOf, type GroupRecord, type Groups, type MetricFilterRecord, type SubscriptionRecord } from './groups.ts';
import { patternOf } from './read.ts';

const pageSize = 50;
const longestName = 512;

/** Filters that pass lines on: to functions and streams, or into metrics. */
export function filterHandlers(options: {
  readonly groups: Groups;
  readonly clock: Clock;
  readonly deliver: ((delivery: Delivery) => Promise<void>) | undefined;
  readonly hasFunction: (arn: string) => boolean;
  /** What a destination stands for; any other ARN stands for itself. */
  readonly targetOf: (arn: string) => string | undefined;
}) {
  const { groups, clock } = options;
  return {
    async PutSubscriptionFilter(input, call) {
      patternOf(input.filterPattern);
      const logGroupName = groupNameOf(input.logGroupName);
      groups.get(call, logGroupName);
      const destinationArn = input.destinationArn ?? '';
      const target = options.targetOf(destinationArn);
      if (target === undefined) throw notFound('The specified destination does not exist.');
      const service = /^arn:[\w-]+:(lambda|kinesis|firehose):/.exec(target)?.[1];
      if (service === undefined || options.deliver === undefined) {
        throw invalid(
          'PutSubscriptionFilter operation cannot work with destinationArn for unsupported destination. Functions, Kinesis and Firehose streams are supported.',
        );
      }
      if (service !== 'lambda' && target === destinationArn && input.roleArn === undefined)
        throw invalid('destinationArn for vendor kinesis requires a roleArn.');
      if (service === 'lambda' && !options.hasFunction(target)) {
        throw invalid(
          'Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function.',
        );
      }
      if (service === 'kinesis') await probe(options.deliver, call, destinationArn, clock.now());
      const filter: SubscriptionRecord = {
        name: input.filterName ?? '',
        pattern: input.filterPattern ?? '',
        destinationArn,
        ...(input.roleArn === undefined ? {} : { roleArn: input.roleArn }),
        distribution: input.distribution ?? 'ByLogStream',
        createdAt: Math.floor(clock.now()),
      };
      await groups.edit(call, logGroupName, (group) => ({
        ...group,
        subscriptions: replaced(group.subscriptions, filter, bounds.subscriptionFilters),
      }));
      return {};
    },

    DescribeSubscriptionFilters(input, call) {
      const group = groups.get(call, groupNameOf(input.logGroupName));
      const prefix = input.filterNamePrefix ?? '';
      const page = pageOf(byName(group.subscriptions.filter(({ name }) => name.startsWith(prefix))), {
        limit: input.limit ?? pageSize,
        token: input.nextToken,
        nameOf: ({ name }) => name,
        invalid: badToken,
      });
      return Promise.resolve({
        subscriptionFilters: page.items.map((filter) => ({
          filterName: filter.name,
          logGroupName: group.name,
          filterPattern: filter.pattern,
          destinationArn: filter.destinationArn,
          ...(filter.roleArn === undefined ? {} : { roleArn: filter.roleArn }),
          distribution: filter.distribution,
          applyOnTransformedLogs: false,
          creationTime: filter.createdAt,
        })),
        ...(page.next === undefined ? {} : { nextToken: page.next }),
      });
    },

    async DeleteSubscriptionFilter(input, call) {
      await groups.edit(call, groupNameOf(input.logGroupName), (group) => ({
        ...group,
        subscriptions: removed(group.subscriptions, input.filterName, 'The specified subscription filter does not exist.'),
      }));
      return {};
    },

    async PutMetricFilter(input, call) {
      patternOf(input.filterPattern);
      const [given] = input.metricTransformations ?? [];
      if (given === undefined) throw invalid('A metric transformation is required.');
      const value = given.metricValue ?? '';
      if (!value.startsWith('$') && !Number.isFinite(Number(value)))
        throw invalid(`Invalid metric transformation: metricValue '${value}' is no number.`);
      if (given.dimensions !== undefined && given.defaultValue !== undefined) {
        throw invalid('Invalid metric transformation: dimensions and default value are mutually exclusive properties.');
      }
      const filter: MetricFilterRecord = {
        name: input.filterName ?? '',
        pattern: input.filterPattern ?? '',
        createdAt: Math.floor(clock.now()),
        transformation: {
          metricName: given.metricName ?? '',
          metricNamespace: given.metricNamespace ?? '',
          metricValue: value,
          ...(given.defaultValue === undefined ? {} : { defaultValue: given.defaultValue }),
          ...(given.unit === undefined ? {} : { unit: given.unit }),
          ...(given.dimensions === undefined ? {} : { dimensions: { ...given.dimensions } }),
        },
      };
      await groups.edit(call, groupNameOf(input.logGroupName), (group) => ({
        ...group,
        metricFilters: replaced(group.metricFilters, filter, bounds.metricFilters),
      }));
      return {};
    },

    DescribeMetricFilters(input, call) {
      const name = input.logGroupName === undefined ? undefined : groupNameOf(input.logGroupName);
      const among: readonly GroupRecord[] =
        name === undefined ? groups.records.list('group', scopeOf(call)) : [groups.get(call, name)];
      const { filterNamePrefix: prefix = '', metricName, metricNamespace } = input;
      if (metricName !== undefined && metricNamespace === undefined) {
        throw invalid(
          'If you include the metricName parameter in your request, you must also include the metricNamespace parameter.',
        );
      }
      const found = among.flatMap((group) =>
        byName(group.metricFilters)
          .filter((filter) => filter.name.startsWith(prefix))
          .filter(({ transformation }) => metricName === undefined || transformation.metricName === metricName)
          .filter(({ transformation }) => metricNamespace === undefined || transformation.metricNamespace === metricNamespace)
          .map((filter) => ({ group: group.name, filter })),
      );
      const page = pageOf(found, {
        limit: input.limit ?? pageSize,
        token: input.nextToken,
        // Names of groups have no space in them, so the order of the list is that of these.
        nameOf: ({ group, filter }) => `${group} ${filter.name}`,
        invalid: badToken,
      });
      return Promise.resolve({
        metricFilters: page.items.map(({ group, filter }) => ({
          filterName: filter.name,
          filterPattern: filter.pattern,
          metricTransformations: [transformationOf(filter)],
          creationTime: filter.createdAt,
          logGroupName: group,
          applyOnTransformedLogs: false,
        })),
        ...(page.next === undefined ? {} : { nextToken: page.next }),
      });
    },

    async DeleteMetricFilter(input, call) {
      if ((input.logGroupName?.length ?? 0) > longestName)
        throw invalid(`Invalid LogGroup or LogStream, both must have length less than or equal to ${longestName}.`);
      await groups.edit(call, groupNameOf(input.logGroupName), (group) => ({
        ...group,
        metricFilters: removed(group.metricFilters, input.filterName, 'The specified metric filter does not exist.'),
      }));
      return {};
    },
  } satisfies LogHandlers;
}

interface Named {
  readonly name: string;
  readonly createdAt: number;
}

/** @throws LimitExceededException */
function replaced<Filter extends Named>(filters: readonly Filter[], filter: Filter, most: number): readonly Filter[] {
  const old = filters.find(({ name }) => name === filter.name);
  if (old !== undefined) return filters.map((each) => (each === old ? { ...filter, createdAt: old.createdAt } : each));
  if (filters.length >= most) throw limitExceeded();
  return [...filters, filter];
}

/** @throws ResourceNotFoundException */
function removed<Filter extends Named>(filters: readonly Filter[], name: string | undefined, missing: string): readonly Filter[] {
  if (!filters.some((filter) => filter.name === name)) throw notFound(missing);
  return filters.filter((filter) => filter.name !== name);
}

const byName = <Item extends Named>(items: readonly Item[]): Item[] => items.toSorted((a, b) => (a.name < b.name ? -1 : 1));

const transformationOf = ({ transformation }: MetricFilterRecord) => ({
  metricName: transformation.metricName,
  metricNamespace: transformation.metricNamespace,
  metricValue: transformation.metricValue,
  ...(transformation.defaultValue === undefined ? {} : { defaultValue: transformation.defaultValue }),
  ...(transformation.dimensions === undefined ? {} : { dimensions: { ...transformation.dimensions } }),
  ...(transformation.unit === undefined ? {} : { unit: transformation.unit as 'Count' }),
});

/** A stream is asked whether it takes records before the filter is kept. @throws InvalidParameterException */
async function probe(
  deliver: (delivery: Delivery) => Promise<void>,
  call: { account: string; region: string },
  destinationArn: string,
  nowMs: number,
): Promise<void> {
  const payload = await recordOf(destinationArn, {
    messageType: 'CONTROL_MESSAGE',
    owner: 'CloudwatchLogs',
    logGroup: '',
    logStream: '',
    subscriptionFilters: [],
    logEvents: [
      { id: '', timestamp: Math.floor(nowMs), message: 'CWL CONTROL MESSAGE: Checking health of destination Kinesis stream.' },
    ],
  });
  try {
    await deliver({ account: call.account, region: call.region, destinationArn, payload, logGroup: '', logStream: '' });
  } catch {
    throw invalid(
      'Could not deliver test message to specified Kinesis stream. Check if the given kinesis stream is in ACTIVE state.',
    );
  }
}
