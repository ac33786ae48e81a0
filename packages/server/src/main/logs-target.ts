import { ServiceFault, type Call } from '@mayfly/wire';
import type { Random } from '../base/index.ts';
import type { openLogs } from '../services/index.ts';

type Handlers = Pick<Awaited<ReturnType<typeof openLogs>>['handlers'], 'CreateLogStream' | 'PutLogEvents'>;

/**
 * A log group as a target of rules and schedules: each event in a stream of its own, as EventBridge writes them.
 *
 * @throws ResourceNotFoundException for a group that is not there
 * @source EventBridge User Guide, "Amazon CloudWatch Logs as a target", read 2026-11
 */
export function logsTarget(handlers: Handlers, { random, origin }: { readonly random: Random; readonly origin: () => string }) {
  return {
    async put(
      logGroupArn: string,
      logStreamName: string,
      { atMs, message }: { readonly atMs: number; readonly message: string },
    ): Promise<void> {
      const [, , , region = '', account = '', , ...name] = logGroupArn.split(':');
      const logGroupName = name.join(':');
      const call = (operation: string): Call => ({
        requestId: random.uuid(),
        service: 'logs',
        operation,
        account,
        region,
        caller: { kind: 'anonymous' },
        signal: AbortSignal.timeout(30_000),
        origin: origin(),
        headers: {},
      });
      try {
        await handlers.CreateLogStream?.({ logGroupName, logStreamName }, call('CreateLogStream'));
      } catch (error) {
        if (!(error instanceof ServiceFault) || error.code !== 'ResourceAlreadyExistsException') throw error;
      }
      await handlers.PutLogEvents?.(
        { logGroupName, logStreamName, logEvents: [{ timestamp: atMs, message }] },
        call('PutLogEvents'),
      );
    },
  };
}
