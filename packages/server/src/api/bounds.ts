import { ServiceFault, type Identity } from '@mayfly/wire';
import type { Limits } from '../base/index.ts';

/** How large one operation's request may be, and what is said when it is larger. */
export interface Bound {
  readonly bytes: number;
  fault(): ServiceFault;
}

/** A payload a little too large is refused by `invoke`, which knows its length and says it. @source spec 2.3-01 */
const invokeSlackBytes = 1_048_576;
const controlBytes = 1_048_576;
/**
 * PutLogEvents, and the messages of queues and topics, come to a mebibyte of text; JSON and forms may need
 * six bytes for one. S3's documents name up to 10 000 parts or 1000 keys.
 */
const roomyBytes = 8_388_608;
const roomyServices: ReadonlySet<Identity['service']> = new Set(['logs', 'sqs', 'sns', 's3', 'events']);
/** BatchWriteItem takes 16 MiB; PutRecords 10 MiB, which base64 makes 14; a checkpoint 6 MiB of text, which JSON may double. */
const bulkyBytes = 16_777_216;
const bulkyServices: ReadonlySet<Identity['service']> = new Set(['dynamodb', 'kinesis']);

const codeOperations = new Set(['CreateFunction', 'UpdateFunctionCode', 'PublishLayerVersion']);
const invokeOperations: Readonly<Record<string, string>> = {
  Invoke: 'InvokeFunction',
  InvokeAsync: 'InvokeAsync',
  InvokeWithResponseStream: 'InvokeWithResponseStream',
};

/** @source spec 2.3-01, 9.4-09 */
export function boundOf(service: Identity['service'], operation: string | undefined, limits: Limits): Bound {
  const tooLarge = (limit: number, name: string) => (): ServiceFault =>
    new ServiceFault('RequestEntityTooLargeException', `Request must be smaller than ${limit} bytes for the ${name} operation`, {
      status: 413,
    });
  if (service === 'lambda' && operation !== undefined) {
    if (codeOperations.has(operation))
      return { bytes: limits.codeRequestBytes, fault: tooLarge(limits.codeRequestBytes, operation) };
    const invoke = invokeOperations[operation];
    if (invoke !== undefined)
      return { bytes: limits.syncRequestBytes + invokeSlackBytes, fault: tooLarge(limits.syncRequestBytes, invoke) };
  }
  const isBulky = bulkyServices.has(service) || (service === 'lambda' && operation === 'CheckpointDurableExecution');
  const bytes = isBulky ? bulkyBytes : roomyServices.has(service) ? roomyBytes : controlBytes;
  return { bytes, fault: tooLarge(bytes, operation ?? 'requested') };
}
