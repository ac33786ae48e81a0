import type { Clock, Random } from '../../base/index.ts';
import type { DeliverFailure } from '../port.ts';
import { s3Key, serviceOf, unsupported, type Targets } from './targets.ts';

/** Brings the record of a given-up batch to a queue, a topic or a bucket; only a bucket gets the payload too. @source spec 6.5-07, 6.10-05 */
export const deliverFailures =
  (targets: Targets, house: { readonly clock: Clock; readonly random: Random }): DeliverFailure =>
  async (arn, record, { mapping, shardId, payload }) => {
    switch (serviceOf(arn)) {
      case 'sqs':
        if (targets.sqs === undefined) throw unsupported(arn);
        return targets.sqs(arn, JSON.stringify(record));
      case 'sns':
        if (targets.sns === undefined) throw unsupported(arn);
        return targets.sns(arn, JSON.stringify(record));
      case 's3': {
        if (targets.s3 === undefined) throw unsupported(arn);
        const key = s3Key(`aws/lambda/${mapping.uuid}/${shardId}`, house.clock.now(), house.random.uuid());
        return targets.s3(arn, key, JSON.stringify({ ...record, payload }));
      }
      default:
        throw unsupported(arn);
    }
  };
