import { suite, test, type TestContext } from 'node:test';
import { CreateFunctionCommand } from '@aws-sdk/client-lambda';
import type { Call } from '@mayfly/wire';
import { systemRandom, type AccountId, type Region } from '../base/index.ts';
import { account, arn, openFrontDesk, role, zip } from '../../../../test/kit/front-desk.ts';
import { PlainDatabase } from '../../../../test/kit/plain-database.ts';
import { temporaryFolder } from '../../../../test/kit/server.ts';
import { MasterKey } from './records/master-key.ts';
import { Shelf } from './records/shelf.ts';

const count = 1000;
const scope = { account: account as AccountId, region: 'us-east-1' as Region };
const call = {
  ...scope,
  origin: '',
  requestId: '',
  service: 'lambda',
  operation: '',
  caller: { kind: 'anonymous' },
  headers: {},
  signal: new AbortController().signal,
} satisfies Call;

/** Best of several: what the code costs, not what else the machine does. */
async function best(times: number, work: () => unknown): Promise<number> {
  let bestMs = Infinity;
  for (let time = 0; time < times; time += 1) {
    const since = performance.now();
    await work();
    bestMs = Math.min(bestMs, performance.now() - since);
  }
  return bestMs;
}

/** Bounds are ten times what was measured (NOTES.md): they tell a wrong growth, not a busy machine. */
suite(`with ${count} functions`, { timeout: 120_000 }, () => {
  test('opening, listing and resolving stay quick', async (t: TestContext) => {
    using folder = temporaryFolder();
    const file = `${folder.path}/db`;
    {
      await using desk = await openFrontDesk({ database: new PlainDatabase(file), dataDir: folder.path });
      await desk.client.send(
        new CreateFunctionCommand({
          FunctionName: 'template',
          Role: role,
          Runtime: 'nodejs24.x',
          Handler: 'i.h',
          Code: { ZipFile: zip() },
          Environment: { Variables: { TABLE: 'orders', SECRET: 'x'.repeat(100) } },
        }),
      );
      await desk.control.idle();
    }
    {
      await using database = new PlainDatabase(file);
      const shelf = await Shelf.open(database, await MasterKey.open(`${folder.path}/master.key`, systemRandom));
      const fn = shelf.desk(scope).get('function', 'template');
      const version = shelf.desk(scope).get('version', 'template', '$LATEST');
      t.assert.ok(fn !== undefined && version !== undefined);
      await shelf.change(scope, (_desk, change) => {
        for (let n = 0; n < count; n += 1) {
          change.put('function', `function-${n}`, '', { ...fn, functionName: `function-${n}` });
          change.put('version', `function-${n}`, '$LATEST', version);
        }
      });
    }
    const before = process.cpuUsage();
    await using desk = await openFrontDesk({ database: new PlainDatabase(file), dataDir: folder.path });
    const { user, system } = process.cpuUsage(before);
    // It happens once, so there is no best of several.
    const openMs = (user + system) / 1000;
    const { handlers, catalog } = desk.control;
    const listMs = await best(20, () => handlers.ListFunctions({}, call));
    const allMs = await best(5, () => handlers.ListFunctions({ FunctionVersion: 'ALL' }, call));
    const names = Array.from({ length: count }, (_, n) => `function-${n}`);
    const perName = (await best(50, () => names.forEach((name) => catalog.resolve(scope.account, scope.region, name)))) / count;
    const arns = names.map((name) => arn(`function:${name}`));
    const perArn = (await best(50, () => arns.forEach((name) => catalog.resolve(scope.account, scope.region, name)))) / count;
    t.diagnostic(
      `open ${openMs.toFixed(0)} ms of processor, ListFunctions ${listMs.toFixed(2)} ms, all versions ${allMs.toFixed(2)} ms, resolve ${(perName * 1000).toFixed(2)} µs by name, ${(perArn * 1000).toFixed(2)} µs by ARN`,
    );
    t.assert.ok(openMs < 1000, `open took ${openMs} ms`);
    t.assert.ok(listMs < 10, `ListFunctions took ${listMs} ms`);
    t.assert.ok(perName < 0.005, `resolve by name took ${perName} ms`);
    t.assert.ok(perArn < 0.02, `resolve by ARN took ${perArn} ms`);
  });
});
