import { functionArn, type Clock, type Logger, type RequestId } from '../base/index.ts';
import type { Execution } from './execution.ts';
import { pauseMs } from './limits.ts';
import type { DurablePorts } from './port.ts';

/** Deliveries that fail are repeated so often; ours, as for queued events. */
const mostTries = 5;

/** Brings the original event of an execution that failed to the dead-letter target of its function. @source spec 2.9-16, 10.1-08 */
export async function bury(
  { head, state, operations }: Execution,
  options: { readonly ports: DurablePorts; readonly clock: Clock; readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  const { ports, clock, log, signal } = options;
  const { account, region, functionName, version, deadLetterTargetArn: arn } = head;
  const [root] = operations.values();
  if (ports.deadLetter === undefined || arn === undefined) return;
  const error = state.error ?? {};
  for (let tries = 1; !signal.aborted; tries += 1) {
    try {
      return await ports.deadLetter(
        {
          account,
          region,
          requestId: head.id as RequestId,
          functionArn: functionArn(region, account, functionName),
          invokedArn: `${functionArn(region, account, functionName)}:${head.qualifier}`,
          traceId: head.traceId,
          condition: 'RetriesExhausted',
          targets: [{ kind: 'deadLetter', arn }],
          approximateInvokeCount: 1,
          endedAtMs: state.endedAtMs ?? clock.now(),
          executedVersion: version,
          functionError: 'Unhandled',
          requestPayload: Buffer.from(root?.input ?? '{}'),
          responsePayload: Buffer.from(JSON.stringify({ errorMessage: error.ErrorMessage, errorType: error.ErrorType })),
        },
        arn,
      );
    } catch (error) {
      if (tries >= mostTries) return log.warn('The dead letter of a durable execution could not be delivered.', { arn, error });
      await clock.sleep(pauseMs(tries - 1), { signal }).catch(() => undefined);
    }
  }
}
