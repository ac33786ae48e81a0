import type { Call } from '@mayfly/wire';
import type { Clock } from '../../../base/index.ts';
import { pageOf, scopeOf, type Records } from '../../kit/index.ts';
import { badToken, invalidValue, limitExceeded, notFound, type CloudWatchHandlers } from '../faults.ts';
import { tagsOf, type Tagged } from '../tags.ts';
import { readDefinition } from './definition.ts';
import { Report } from './report.ts';

export interface InsightRecord {
  readonly name: string;
  readonly definition: string;
  readonly onTransformedLogs: boolean;
  /** When the rule was enabled: from, and until unless it still is. Only what was logged then counts. */
  readonly spans: readonly { readonly fromMs: number; readonly toMs?: number }[];
  readonly tags: Readonly<Record<string, string>>;
}

/** Reads what is in log groups. */
export type ReadLines = (
  place: { readonly account: string; readonly region: string },
  range: { readonly groups: readonly string[]; readonly fromMs: number; readonly toMs: number },
) => AsyncIterable<{ readonly atMs: number; readonly message: string }>;

type Insights = Records<{ readonly insight: InsightRecord }>;

const mostRules = 100;
const spansKept = 100;
const mostPoints = 1_440;
const mostContributors = 100;
const usualContributors = 10;

export function insightHandlers(options: { readonly records: Insights; readonly clock: Clock; readonly lines: ReadLines }) {
  const { records, clock, lines } = options;

  /** Changes rules by name, and says of which there are none. */
  const editAll = async (
    call: Call,
    names: readonly string[] | undefined,
    edit: (rule: InsightRecord) => InsightRecord | undefined,
  ) => {
    const Failures = await records.change((draft) =>
      (names ?? []).flatMap((name) => {
        const rule = draft.get('insight', scopeOf(call), name);
        if (rule === undefined) return [failure(name)];
        const edited = edit(rule);
        if (edited === undefined) draft.delete('insight', scopeOf(call), name);
        else draft.put('insight', scopeOf(call), name, edited);
        return [];
      }),
    );
    return { Failures };
  };

  return {
    async PutInsightRule(input, call) {
      const name = input.RuleName ?? '';
      const definition = input.RuleDefinition ?? '';
      readDefinition(definition);
      await records.change((draft) => {
        const known = draft.get('insight', scopeOf(call), name);
        if (known === undefined && draft.count('insight', scopeOf(call)) >= mostRules)
          throw limitExceeded(`The maximum limit of ${mostRules} Contributor Insights rules has been reached.`);
        const rule = {
          name,
          definition,
          onTransformedLogs: input.ApplyOnTransformedLogs ?? false,
          spans: known?.spans ?? [],
          tags: known?.tags ?? tagsOf(input.Tags),
        };
        const wanted = input.RuleState ?? (known === undefined || isEnabled(known) ? 'ENABLED' : 'DISABLED');
        draft.put('insight', scopeOf(call), name, switched(rule, wanted === 'ENABLED', clock.now()));
      });
      return {};
    },

    async DescribeInsightRules(input, call) {
      const page = pageOf(records.list('insight', scopeOf(call)), {
        limit: input.MaxResults ?? 500,
        token: input.NextToken,
        nameOf: ({ name }) => name,
        invalid: badToken,
      });
      return {
        InsightRules: page.items.map((rule) => ({
          Name: rule.name,
          State: isEnabled(rule) ? 'ENABLED' : 'DISABLED',
          Schema: readDefinition(rule.definition).schema,
          Definition: rule.definition,
          ManagedRule: false,
          ApplyOnTransformedLogs: rule.onTransformedLogs,
        })),
        ...(page.next === undefined ? {} : { NextToken: page.next }),
      };
    },

    EnableInsightRules: (input, call) => editAll(call, input.RuleNames, (rule) => switched(rule, true, clock.now())),
    DisableInsightRules: (input, call) => editAll(call, input.RuleNames, (rule) => switched(rule, false, clock.now())),
    DeleteInsightRules: (input, call) => editAll(call, input.RuleNames, () => undefined),

    async GetInsightRuleReport(input, call) {
      const rule = records.get('insight', scopeOf(call), input.RuleName ?? '');
      if (rule === undefined) throw notFound(`Insight rule ${input.RuleName} does not exist`);
      const [fromMs, toMs, periodMs] = [
        input.StartTime?.getTime() ?? 0,
        input.EndTime?.getTime() ?? 0,
        (input.Period ?? 60) * 1_000,
      ];
      if (fromMs >= toMs) throw invalidValue('The parameter StartTime must be less than the parameter EndTime.');
      if ((toMs - fromMs) / periodMs > mostPoints) throw invalidValue(`A report has at most ${mostPoints} datapoints.`);
      const limit = input.MaxContributorCount ?? usualContributors;
      if (limit < 1 || limit > mostContributors)
        throw invalidValue(`MaxContributorCount must be between 1 and ${mostContributors}.`);
      const definition = readDefinition(rule.definition);
      const report = new Report({ fromMs, toMs, periodMs });
      for (const span of rule.spans) {
        const [first, last] = [Math.max(fromMs, span.fromMs), Math.min(toMs, span.toMs ?? toMs)];
        if (first >= last) continue;
        for await (const { atMs, message } of lines(call, { groups: definition.groups, fromMs: first, toMs: last })) {
          const contribution = definition.contributionOf(message);
          if (contribution !== undefined) report.add(atMs, contribution);
        }
      }
      return {
        KeyLabels: [...definition.keys],
        AggregationStatistic: definition.aggregateOn === 'Sum' ? 'Sum' : 'SampleCount',
        AggregateValue: report.sum,
        ApproximateUniqueCount: report.uniqueCount,
        Contributors: report.contributors(limit, input.OrderBy === 'Maximum' ? 'Maximum' : 'Sum'),
        ...(input.Metrics === undefined ? {} : { MetricDatapoints: report.datapoints(input.Metrics) }),
      };
    },
  } satisfies CloudWatchHandlers;
}

export const taggedInsights = (records: Insights): Tagged => ({
  prefix: 'insight-rule/',
  tags: (call, name) => records.get('insight', scopeOf(call), name)?.tags,
  retag: (call, name, edit) =>
    records.change((draft) => {
      const rule = draft.get('insight', scopeOf(call), name);
      if (rule !== undefined) draft.put('insight', scopeOf(call), name, { ...rule, tags: edit(rule.tags) });
      return rule !== undefined;
    }),
});

const isEnabled = ({ spans }: InsightRecord): boolean => spans.length > 0 && spans.at(-1)?.toMs === undefined;

function switched(rule: InsightRecord, on: boolean, atMs: number): InsightRecord {
  if (isEnabled(rule) === on) return rule;
  const now = Math.floor(atMs);
  const { spans } = rule;
  return {
    ...rule,
    spans: on ? [...spans, { fromMs: now }].slice(-spansKept) : spans.map((span) => ({ toMs: now, ...span })),
  };
}

const failure = (name: string) => ({
  FailureResource: name,
  ExceptionType: 'ResourceNotFoundException',
  FailureCode: '404',
  FailureDescription: `Insight rule ${name} does not exist`,
});
