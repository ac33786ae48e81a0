import { ServiceFault, type Call } from '@mayfly/wire';
import type { Random } from '../base/index.ts';
import type { openLogs } from '../services/index.ts';

type Handlers = Pick<Awaited<ReturnType<typeof openLogs>>['handlers'], 'CreateLogGroup' | 'CreateLogStream' | 'PutLogEvents'>;

interface Place {
  readonly account: string;
  readonly region: string;
}
interface Event {
  readonly atMs: number;
  readonly message: string;
}

/**
 * A log group as what other services write to: each event in a stream of its own, as EventBridge writes them.
 *
 * @source EventBridge User Guide, "Amazon CloudWatch Logs as a target", read 2026-11
 */
export function logsTarget(handlers: Handlers, { random, origin }: { readonly random: Random; readonly origin: () => string }) {
  const call = (operation: string, { account, region }: Place): Call => ({
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
  const write = async (place: Place, logGroupName: string, logStreamName: string, { atMs, message }: Event): Promise<void> => {
    await unlessThere(handlers.CreateLogStream?.({ logGroupName, logStreamName }, call('CreateLogStream', place)));
    await handlers.PutLogEvents?.(
      { logGroupName, logStreamName, logEvents: [{ timestamp: atMs, message }] },
      call('PutLogEvents', place),
    );
  };
  return {
    /** @throws ResourceNotFoundException for a group that is not there */
    put(logGroupArn: string, logStreamName: string, event: Event): Promise<void> {
      const [, , , region = '', account = '', , ...name] = logGroupArn.split(':');
      return write({ account, region }, name.join(':'), logStreamName, event);
    },
    /** Makes the group when it is not there. */
    async write(place: Place, logGroupName: string, event: Event): Promise<void> {
      await unlessThere(handlers.CreateLogGroup?.({ logGroupName }, call('CreateLogGroup', place)));
      await write(place, logGroupName, random.uuid(), event);
    },
  };
}

async function unlessThere(creating: Promise<unknown> | undefined): Promise<void> {
  try {
    await creating;
  } catch (error) {
    if (!(error instanceof ServiceFault) || error.code !== 'ResourceAlreadyExistsException') throw error;
  }
}
