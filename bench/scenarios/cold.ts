import { setTimeout as pause } from 'node:timers/promises';
import type { Runtime } from '@aws-sdk/client-lambda';
import { deploy, lambdaClient } from '../../test/kit/functions.ts';
import { Connection } from '../kit/connection.ts';
import { interpreterOf, Program, timeOf } from '../kit/programs.ts';
import type { Result, Scenario } from '../kit/scenario.ts';
import { median, summary } from '../kit/stats.ts';
import { invokeRequest } from './warm.ts';

/** The interpreter itself: what is on PATH may be a script that looks for it first. */
const python = interpreterOf('python3', 'import sys; print(sys.executable)');
const kinds = [
  {
    runtime: 'nodejs24.x',
    files: { 'index.js': 'exports.handler = async () => "hello";' },
    handler: 'index.handler',
    bare: [process.execPath, '-e', '0'],
    bareName: 'node -e 0',
  },
  ...(python === undefined
    ? []
    : [
        {
          runtime:
            process.env['BENCH_PYTHON'] ??
            `python${interpreterOf('python3', 'import sys; print("%d.%d" % sys.version_info[:2])') ?? '3.13'}`,
          files: { 'app.py': 'def handler(event, context):\n    return "hello"\n' },
          handler: 'app.handler',
          bare: [python, '-c', 'pass'],
          bareName: 'python3 -c pass',
        },
      ]),
] as const;

/** First call of a function whose code never ran: with a booted box waiting, and with nothing prepared. */
export const cold: Scenario = {
  name: 'cold',
  about: 'first answer of a new function: pool hit and pool miss, against the bare interpreter',
  async run({ quick }) {
    const samples = quick ? 15 : 60;
    const results: Result[] = [];
    for (const [title, flags, restMs] of [
      ['pool hit', ['--pool-size', '4'], 150],
      ['pool miss', ['--pool-size', '0'], 20],
    ] as const) {
      for (const kind of kinds) {
        await using server = await Program.server(flags);
        const client = lambdaClient(`http://127.0.0.1:${server.port}`);
        const names = Array.from({ length: samples + 1 }, (_, index) => `cold${index}`);
        for (const name of names)
          await deploy(client, name, kind.files, { Runtime: kind.runtime as Runtime, Handler: kind.handler });
        client.destroy();
        const system: number[] = [];
        const baseline: number[] = [];
        for (const [index, name] of names.entries()) {
          // Long enough for the pool to be full again; the time of a refill is not the caller's.
          await pause(restMs);
          using connection = await Connection.open(server.port);
          const sentAt = performance.now();
          const answer = await connection.ask(invokeRequest(name));
          if (answer.body.toString() !== '"hello"') throw new Error(`A cold call failed: ${answer.body.toString()}`);
          if (index === 0) continue;
          system.push(performance.now() - sentAt);
          baseline.push(await timeOf(kind.bare));
        }
        results.push({
          name: `cold ${kind.runtime} hello, ${title}`,
          unit: 'ms',
          ratio: median(system) / median(baseline),
          system: summary(system),
          baseline: summary(baseline),
          baselineName: kind.bareName,
          notes: title === 'pool hit' ? 'four booted boxes per runtime, one call every 150 ms' : 'no pool',
        });
      }
    }
    return results;
  },
};
