import type { KinesisOperations } from '@mayfly/wire';
import { openIterator } from '../../kinesis/iterator.ts';
import { arnIn, requestTags, text, type AnyInput, type OperationRules, type Place, type ServiceRules } from '../demand.ts';

interface StreamInput {
  readonly StreamName?: unknown;
  readonly StreamARN?: unknown;
}

/** As the handlers read it: an ARN comes before a name, and the region is that of the call. */
function streamArn({ StreamName, StreamARN }: StreamInput, place: Place): string {
  const given = text(StreamARN);
  if (given === undefined) return arnIn('kinesis', place, `stream/${text(StreamName) ?? '*'}`);
  return local(given, place);
}
const local = (given: string, place: Place): string => {
  const [, account, rest] = /^arn:[^:]*:kinesis:[^:]*:(\d{12}):(.+)$/.exec(given) ?? [];
  return arnIn('kinesis', { ...place, account: account ?? place.account }, rest ?? `stream/${given.split(':stream/')[1] ?? '*'}`);
};
const iterated = (iterator: string | undefined): string => {
  try {
    return openIterator(iterator ?? '', 0).streamArn;
  } catch {
    return '*';
  }
};

/** @source Service Authorization Reference, "Actions, resources, and condition keys for Amazon Kinesis Data Streams", read 2026-11 */
const operations: OperationRules<KinesisOperations> = {
  GetRecords: (input, place) => ({ action: 'kinesis:GetRecords', resource: local(iterated(input.ShardIterator), place) }),
  ListStreams: () => ({ action: 'kinesis:ListStreams', resource: '*' }),
  CreateStream: (input, place) => ({
    action: 'kinesis:CreateStream',
    resource: streamArn(input, place),
    context: requestTags(input.Tags),
  }),
};

export const kinesisRules: ServiceRules = {
  prefix: 'kinesis',
  operations,
  resource(input: AnyInput, place: Place) {
    const consumer = text(input['ConsumerARN']) ?? text(input['ResourceARN']);
    if (consumer !== undefined) return local(consumer, place);
    return text(input['StreamName']) === undefined && text(input['StreamARN']) === undefined
      ? undefined
      : streamArn(input, place);
  },
  byAccount: true,
};
