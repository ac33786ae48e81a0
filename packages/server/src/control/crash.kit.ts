import path from 'node:path';
import { awsLimits, silentLogger, systemClock, systemRandom, type AccountId, type Region } from '../base/index.ts';
import { openStorage } from '../storage/index.ts';
import { openCodeStore, openControl, type Control } from './index.ts';

export const scope = { account: '111111111111' as AccountId, region: 'us-east-1' as Region };

/** The room on its real cellar: SQLite and the code store. */
export async function openForCrash(dataDir: string): Promise<AsyncDisposable & { readonly control: Control }> {
  await using rooms = new AsyncDisposableStack();
  const shared = { dataDir, clock: systemClock, random: systemRandom, log: silentLogger, limits: awsLimits };
  const database = rooms.use(await openStorage(shared));
  const code = rooms.use(await openCodeStore(shared));
  const control = rooms.use(
    await openControl({
      ...shared,
      database,
      code,
      runtimes: { check: () => ({ kind: 'ready' }), prepare: () => Promise.resolve() },
      masterKeyFile: path.join(dataDir, 'keys', 'environment.key'),
      ports: { codeUrl: () => '', functionUrl: () => '' },
    }),
  );
  const opened = rooms.move();
  return { control, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
