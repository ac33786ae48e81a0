import type { Call } from '@mayfly/wire';
import type { Clock } from '../../base/index.ts';
import { pageOf, scopeOf, type Records } from '../kit/index.ts';
import { badToken, combination, limitExceeded, notFound, type CloudWatchHandlers } from './faults.ts';
import { tagsOf, type Tagged } from './tags.ts';

export interface StreamRecord {
  readonly name: string;
  readonly state: 'running' | 'stopped';
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: Readonly<Record<string, string>>;
  /** As it was put: names are AWS's, since it goes out as it came in. */
  readonly definition: Readonly<Record<string, unknown>>;
}

type Streams = Records<{ readonly stream: StreamRecord }>;

const mostStreams = 500;
const definitionMembers = [
  ...['FirehoseArn', 'RoleArn', 'OutputFormat', 'IncludeFilters', 'ExcludeFilters', 'StatisticsConfigurations'],
  'IncludeLinkedAccountsMetrics',
];

/** Metric streams are kept, started and stopped; without a Firehose there is nothing that they could be sent to. */
export function metricStreamHandlers({ records, clock }: { readonly records: Streams; readonly clock: Clock }) {
  const nowMs = (): number => Math.floor(clock.now());
  const setState = async (call: Call, names: readonly string[] | undefined, state: StreamRecord['state']): Promise<void> => {
    await records.change((draft) => {
      for (const name of names ?? []) {
        const stream = draft.get('stream', scopeOf(call), name);
        if (stream === undefined) throw notFound(`Metric stream ${name} does not exist`);
        draft.put('stream', scopeOf(call), name, { ...stream, state, updatedAt: nowMs() });
      }
    });
  };

  return {
    async PutMetricStream(input, call) {
      const name = input.Name ?? '';
      if (input.IncludeFilters !== undefined && input.ExcludeFilters !== undefined)
        throw combination('The parameters IncludeFilters and ExcludeFilters are mutually exclusive and you have specified both.');
      await records.change((draft) => {
        const known = draft.get('stream', scopeOf(call), name);
        if (known === undefined && draft.count('stream', scopeOf(call)) >= mostStreams)
          throw limitExceeded(`The maximum limit of ${mostStreams} metric streams has been reached.`);
        const given = Object.entries(input).filter(
          ([member, value]) => definitionMembers.includes(member) && value !== undefined,
        );
        draft.put('stream', scopeOf(call), name, {
          name,
          state: known?.state ?? 'running',
          createdAt: known?.createdAt ?? nowMs(),
          updatedAt: nowMs(),
          tags: known?.tags ?? tagsOf(input.Tags),
          definition: { IncludeLinkedAccountsMetrics: false, ...Object.fromEntries(given) },
        });
      });
      return { Arn: arnOf(call, name) };
    },
    async GetMetricStream(input, call) {
      const stream = records.get('stream', scopeOf(call), input.Name ?? '');
      if (stream === undefined) throw notFound(`Metric stream ${input.Name} does not exist`);
      return { ...shown(call, stream), ...(stream.definition as object) };
    },
    async ListMetricStreams(input, call) {
      const page = pageOf(records.list('stream', scopeOf(call)), {
        limit: input.MaxResults ?? 500,
        token: input.NextToken,
        nameOf: ({ name }) => name,
        invalid: badToken,
      });
      return {
        Entries: page.items.map((stream) => {
          const { FirehoseArn, OutputFormat } = stream.definition;
          return { ...shown(call, stream), FirehoseArn: String(FirehoseArn), OutputFormat: OutputFormat as 'json' };
        }),
        ...(page.next === undefined ? {} : { NextToken: page.next }),
      };
    },
    async StartMetricStreams(input, call) {
      await setState(call, input.Names, 'running');
      return {};
    },
    async StopMetricStreams(input, call) {
      await setState(call, input.Names, 'stopped');
      return {};
    },
    async DeleteMetricStream(input, call) {
      await records.change((draft) => void draft.delete('stream', scopeOf(call), input.Name ?? ''));
      return {};
    },
  } satisfies CloudWatchHandlers;
}

export const taggedStreams = (records: Streams): Tagged => ({
  prefix: 'metric-stream/',
  tags: (call, name) => records.get('stream', scopeOf(call), name)?.tags,
  retag: (call, name, edit) =>
    records.change((draft) => {
      const stream = draft.get('stream', scopeOf(call), name);
      if (stream !== undefined) draft.put('stream', scopeOf(call), name, { ...stream, tags: edit(stream.tags) });
      return stream !== undefined;
    }),
});

const arnOf = (call: Call, name: string): string => `arn:aws:cloudwatch:${call.region}:${call.account}:metric-stream/${name}`;

const shown = (call: Call, { name, state, createdAt, updatedAt }: StreamRecord) => ({
  Name: name,
  Arn: arnOf(call, name),
  State: state,
  CreationDate: new Date(createdAt),
  LastUpdateDate: new Date(updatedAt),
});
