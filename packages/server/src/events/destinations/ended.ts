import type { Random } from '../../base/index.ts';
import type { DeliveryTarget, EndedEvent } from '../../invoke/index.ts';
import { s3Key, serviceOf, unsupported, type Targets } from './targets.ts';

/** The record a destination gets of an asynchronous invocation. @source spec 2.9-09 */
export function destinationRecord(ended: EndedEvent): string {
  const head = {
    version: '1.0',
    timestamp: new Date(ended.endedAtMs).toISOString(),
    requestContext: {
      requestId: ended.requestId,
      functionArn: qualified(ended),
      condition: ended.condition,
      approximateInvokeCount: ended.approximateInvokeCount,
    },
  };
  const response =
    ended.executedVersion === undefined
      ? {}
      : {
          responseContext: {
            statusCode: 200,
            executedVersion: ended.executedVersion,
            ...(ended.functionError === undefined ? {} : { functionError: ended.functionError }),
          },
        };
  // Payloads are JSON already: they are put in as they are, so that no number changes on the way.
  const parts = [JSON.stringify(head).slice(0, -1), `"requestPayload":${text(ended.requestPayload)}`];
  if (ended.executedVersion !== undefined) {
    parts.push(JSON.stringify(response).slice(1, -1));
    if (ended.responsePayload !== undefined) parts.push(`"responsePayload":${text(ended.responsePayload)}`);
  }
  return `${parts.join(',')}}`;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

const qualified = (ended: EndedEvent): string =>
  ended.invokedArn.split(':').length > 7 ? ended.invokedArn : `${ended.functionArn}:$LATEST`;

const errorMessageBytes = 1024;

/**
 * Hands an ended event to a destination (the record) or to a dead-letter target (the event as it came,
 * with what went wrong as attributes). @source spec 2.9-07, 2.9-11 to 2.9-14
 */
export async function deliverEnded(ended: EndedEvent, target: DeliveryTarget, targets: Targets, random: Random): Promise<void> {
  const isDeadLetter = target.kind === 'deadLetter';
  const body = isDeadLetter ? text(ended.requestPayload) : destinationRecord(ended);
  const attributes = isDeadLetter ? deadLetterAttributes(ended) : undefined;
  switch (serviceOf(target.arn)) {
    case 'sqs':
      if (targets.sqs === undefined) throw unsupported(target.arn);
      return targets.sqs(target.arn, body, attributes, ended.traceId);
    case 'sns':
      if (targets.sns === undefined) throw unsupported(target.arn);
      return targets.sns(target.arn, body, attributes);
    case 'lambda':
      if (targets.lambda === undefined) throw unsupported(target.arn);
      return targets.lambda(target.arn, Buffer.from(body), { account: ended.account, region: ended.region });
    case 'events':
      if (targets.events === undefined) throw unsupported(target.arn);
      return targets.events(target.arn, {
        source: 'lambda',
        detailType: `Lambda Function Invocation Result - ${ended.condition === 'Success' ? 'Success' : 'Failure'}`,
        resources: [target.arn, qualified(ended)],
        detail: body,
      });
    case 's3': {
      if (targets.s3 === undefined) throw unsupported(target.arn);
      const functionName = ended.functionArn.split(':')[6] ?? '';
      return targets.s3(target.arn, s3Key(`aws/lambda/async/${functionName}`, ended.endedAtMs, random.uuid()), body);
    }
    default:
      throw unsupported(target.arn);
  }
}

const deadLetterAttributes = (ended: EndedEvent) => ({
  RequestID: { dataType: 'String' as const, value: ended.requestId },
  ErrorCode: { dataType: 'Number' as const, value: ended.executedVersion === undefined ? '429' : '200' },
  ErrorMessage: { dataType: 'String' as const, value: errorMessage(ended) },
});

function errorMessage(ended: EndedEvent): string {
  let message: unknown;
  try {
    message =
      ended.responsePayload === undefined
        ? undefined
        : (JSON.parse(text(ended.responsePayload)) as { errorMessage?: unknown }).errorMessage;
  } catch {
    message = undefined;
  }
  const words = typeof message === 'string' && message !== '' ? message : ended.condition;
  return Buffer.from(words)
    .subarray(0, errorMessageBytes)
    .toString('utf8')
    .replace(/\uFFFD$/, '');
}
