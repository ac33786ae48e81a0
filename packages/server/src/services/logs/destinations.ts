import type { Call } from '@mayfly/wire';
import type { Clock } from '../../base/index.ts';
import { pageOf, scopeOf } from '../kit/index.ts';
import { badToken, invalid, notFound } from './faults.ts';
import type { LogHandlers } from './group-handlers.ts';
import type { DestinationRecord, LogRecords } from './groups.ts';

const pageSize = 50;
const noDestination = (): Error => notFound('The specified destination does not exist.');

/** Names for streams that other accounts may subscribe to. */
export function destinationHandlers({ records, clock }: { readonly records: LogRecords; readonly clock: Clock }) {
  return {
    async PutDestination(input, call) {
      const name = input.destinationName ?? '';
      if (!/^arn:[\w-]+:(kinesis|firehose):/.test(input.targetArn ?? ''))
        throw invalid('Could not deliver test message to specified destination. Check if the destination is valid.');
      const destination = await records.change((draft) => {
        const known = draft.get('destination', scopeOf(call), name);
        const made: DestinationRecord = {
          name,
          targetArn: input.targetArn ?? '',
          roleArn: input.roleArn ?? '',
          createdAt: known?.createdAt ?? Math.floor(clock.now()),
          ...(known?.policy === undefined ? {} : { policy: known.policy }),
          tags: known?.tags ?? { ...input.tags },
        };
        draft.put('destination', scopeOf(call), name, made);
        return made;
      });
      return { destination: shown(call, destination) };
    },

    async PutDestinationPolicy(input, call) {
      await records.change((draft) => {
        const known = draft.get('destination', scopeOf(call), input.destinationName ?? '');
        if (known === undefined) throw noDestination();
        draft.put('destination', scopeOf(call), known.name, { ...known, policy: input.accessPolicy ?? '' });
      });
      return {};
    },

    DescribeDestinations(input, call) {
      const prefix = input.DestinationNamePrefix ?? '';
      const page = pageOf(
        records.list('destination', scopeOf(call)).filter(({ name }) => name.startsWith(prefix)),
        { limit: input.limit ?? pageSize, token: input.nextToken, nameOf: ({ name }) => name, invalid: badToken },
      );
      return Promise.resolve({
        destinations: page.items.map((each) => shown(call, each)),
        ...(page.next === undefined ? {} : { nextToken: page.next }),
      });
    },

    async DeleteDestination(input, call) {
      await records.change((draft) => {
        if (!draft.delete('destination', scopeOf(call), input.destinationName ?? '')) throw noDestination();
      });
      return {};
    },
  } satisfies LogHandlers;
}

/** Where what is sent to an ARN really goes: a destination stands for its target. Undefined for one that is not here. */
export function targetOf(records: LogRecords, arn: string): string | undefined {
  const [, region = '', account = '', name] = /^arn:[\w-]+:logs:([\w-]*):(\d*):destination:(.+)$/.exec(arn) ?? [];
  return name === undefined ? arn : records.get('destination', scopeOf({ account, region }), name)?.targetArn;
}

const shown = (call: Call, { name, targetArn, roleArn, policy, createdAt }: DestinationRecord) => ({
  destinationName: name,
  targetArn,
  roleArn,
  ...(policy === undefined ? {} : { accessPolicy: policy }),
  arn: `arn:aws:logs:${call.region}:${call.account}:destination:${name}`,
  creationTime: createdAt,
});
