import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { RunningServer, temporaryFolder } from '../../kit/server.ts';
import { play, type Result } from '../kit/play.ts';
import type { Recording } from '../kit/stage.ts';
import { listedAsPassing, writeTable, type Table } from '../kit/table.ts';
import { Clients, python } from './kit/clients.ts';
import { reasons } from './kit/reasons.ts';
import { recordings } from './kit/recordings.ts';
import { Scene } from './kit/stage.ts';
import { scenarios } from './scenarios/index.ts';

/** Scenarios played at once; most of them wait. */
const together = 12;

const table: Table = { file: path.join(import.meta.dirname, 'TABLE.md'), writtenBy: 'conformance/neighbours', reasons };

suite('answers of the services around Lambda, recorded from AWS', { timeout: 150_000 }, () => {
  const skip = python === undefined ? 'boto3, with which they were recorded, is not on this machine' : false;
  test(
    'come from Mayfly too, in every scenario that TABLE.md lists as passing and in no other',
    { skip },
    async (t: TestContext) => {
      using folder = temporaryFolder();
      await using server = await RunningServer.start(folder.path, ['--log-level', 'error', '--deliver-to', 'localhost']);
      await using clients = await Clients.start(server.origin);
      const only = process.env['MAYFLY_CONFORMANCE_ONLY'];
      const recorded = recordings();
      const unknown = Object.keys(scenarios).filter((name) => !recorded.has(name));
      t.assert.deepEqual(unknown, [], 'scenarios that were not recorded');
      const wanted = Object.entries(scenarios).filter(([name]) => only === undefined || name.includes(only));
      const results = new Map<string, Result>();
      const cast = wanted.entries();
      const troupe = Array.from({ length: together }, async () => {
        for (const [number, [name, scenario]] of cast) {
          const since = performance.now();
          const result = await play(server.origin, number, name, recorded.get(name) as Recording, (stage) =>
            scenario(new Scene(stage, clients)),
          );
          results.set(name, result);
          const tookMs = performance.now() - since;
          if (only !== undefined || tookMs > 15_000) t.diagnostic(`${name} took ${Math.round(tookMs)} ms`);
          if (only !== undefined) t.diagnostic(result.why || 'passes');
        }
      });
      await Promise.all(troupe);
      if (only !== undefined) return;
      if (process.env['MAYFLY_CONFORMANCE'] === 'write') writeTable(recorded.keys(), results, table);
      const passing = [...results.values()].filter(({ why }) => why === '').map(({ name }) => name);
      const listed = listedAsPassing(table);
      const lost = [...listed]
        .filter((name) => !passing.includes(name))
        .map((name) => `${name}: ${results.get(name)?.why ?? 'is not there'}`);
      t.assert.deepEqual(lost, [], 'scenarios that no longer pass');
      t.assert.deepEqual(
        passing.filter((name) => !listed.has(name)),
        [],
        'scenarios to add to TABLE.md',
      );
    },
  );
});
