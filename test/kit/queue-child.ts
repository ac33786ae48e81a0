import { pathToFileURL } from 'node:url';
import {
  awsLimits,
  jsonLogger,
  noRecorder,
  systemClock,
  systemRandom,
  type RequestId,
} from '../../packages/server/src/base/index.ts';
import { openInvoke } from '../../packages/server/src/invoke/index.ts';
import { PlainDatabase } from './plain-database.ts';
import { account, region, ScriptedCatalog } from './scripted-catalog.ts';
import { returned, ScriptedEnvironments } from './scripted-environments.ts';
import { settle } from './virtual-clock.ts';

export function queueCatalog(): ScriptedCatalog {
  const catalog = new ScriptedCatalog();
  catalog.put('f');
  return catalog;
}

/** A server that does nothing but accept events and run them, and says so, until somebody kills it. */
async function main(file: string, prefix: string): Promise<void> {
  const say = (line: string): void => void process.stdout.write(line + '\n');
  const invoke = await openInvoke({
    catalog: queueCatalog(),
    environments: new ScriptedEnvironments({
      clock: systemClock,
      handler: async ({ requestId }) => {
        await settle(2);
        say(`ended ${requestId}`);
        return returned('1');
      },
    }),
    database: new PlainDatabase(file),
    recorder: noRecorder,
    clock: systemClock,
    random: systemRandom,
    log: jsonLogger({ clock: systemClock, level: 'error' }),
    limits: awsLimits,
  });
  for (let number = 0; ; number += 1) {
    const requestId = `${prefix}-${number}` as RequestId;
    await invoke.invoker.enqueue({ account, region, functionName: 'f', requestId, payload: Buffer.from(`{"n":${number}}`) });
    say(`accepted ${requestId}`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(process.argv[2] ?? '', process.argv[3] ?? '');
}
