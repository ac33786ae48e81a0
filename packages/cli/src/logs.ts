import { setTimeout as pause } from 'node:timers/promises';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { logsOf, targetOf, type TargetFlags } from './target.ts';

const sinceMs = 10 * 60_000;
const followMs = 500;

/** `mayfly logs NAME [-f]`: the last ten minutes, then what comes. */
export async function logs(name: string, flags: TargetFlags & { readonly follow?: boolean }): Promise<void> {
  const client = logsOf(targetOf(flags));
  let startTime = Date.now() - sinceMs;
  // Events of the same millisecond may come later than the page that showed the others.
  let shown = new Set<string>();
  for (;;) {
    let nextToken: string | undefined;
    do {
      const page = await client.send(
        new FilterLogEventsCommand({
          logGroupName: `/aws/lambda/${name}`,
          startTime,
          ...(nextToken === undefined ? {} : { nextToken }),
        }),
      );
      for (const event of page.events ?? []) {
        const id = event.eventId ?? '';
        if (shown.has(id)) continue;
        if ((event.timestamp ?? 0) > startTime) {
          startTime = event.timestamp ?? startTime;
          shown = new Set();
        }
        shown.add(id);
        process.stdout.write(flags.json === true ? JSON.stringify(event) + '\n' : `${event.message?.trimEnd()}\n`);
      }
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    if (flags.follow !== true) return;
    await pause(followMs);
  }
}
