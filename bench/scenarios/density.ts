import { setTimeout as pause } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
import { deploy, lambdaClient } from '../../test/kit/functions.ts';
import { Connection } from '../kit/connection.ts';
import { mustBeGood } from '../kit/load.ts';
import { treeOf } from '../kit/machine.ts';
import { Program } from '../kit/programs.ts';
import type { Scenario } from '../kit/scenario.ts';
import { median, summary } from '../kit/stats.ts';
import { invokeRequest } from './warm.ts';

/** Memory of a process, what it shares with others divided among them. */
function pssMiB(pid: number): number {
  try {
    return Number(/^Pss:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Called all together, each call meets an environment of its own. */
async function callAll(port: number, name: string, count: number): Promise<number[]> {
  const connections = await Promise.all(Array.from({ length: count }, () => Connection.open(port)));
  return Promise.all(
    connections.map(async (connection) => {
      const sentAt = performance.now();
      mustBeGood(await connection.ask(invokeRequest(name)));
      const tookMs = performance.now() - sentAt;
      connection[Symbol.dispose]();
      return tookMs;
    }),
  );
}

/** What an idle environment weighs, all of its processes together, against an idle interpreter. */
export const density: Scenario = {
  name: 'density',
  about: 'memory (PSS) of an idle, frozen environment against a bare idle interpreter; calling all of them again',
  async run({ quick }) {
    const count = quick ? 20 : 80;
    const handler = 'exports.handler = () => new Promise((resolve) => setTimeout(resolve, 3000, "done"));';
    await using server = await Program.server(['--pool-size', '0', '--idle-ms', '600000']);
    const client = lambdaClient(`http://127.0.0.1:${server.port}`);
    await deploy(client, 'idle', { 'index.js': handler }, { Timeout: 60 });
    client.destroy();
    const before = new Set(treeOf(server.pid));
    await callAll(server.port, 'idle', count);
    await pause(1500);
    const inside = treeOf(server.pid).filter((pid) => !before.has(pid));
    const interpreters = inside.filter(
      (pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('bootstrap.cjs\0') && pssMiB(pid) > 3,
    );
    const each = inside.reduce((sum, pid) => sum + pssMiB(pid), 0) / interpreters.length;
    const bare = await Promise.all(Array.from({ length: interpreters.length }, () => Program.idle()));
    const baseline = bare.flatMap(({ pid }) => treeOf(pid)).map(pssMiB);
    for (const program of bare) await program[Symbol.asyncDispose]();
    const bareEach = baseline.reduce((sum, pss) => sum + pss, 0) / bare.length;
    const thawed = (await callAll(server.port, 'idle', interpreters.length)).map((tookMs) => tookMs - 3000);
    return [
      {
        name: `an idle environment, one of ${interpreters.length}`,
        unit: 'MiB',
        ratio: each / bareEach,
        system: summary([each]),
        baseline: summary([bareEach]),
        baselineName: 'node, idle',
        notes: 'PSS of every process of the box: bubblewrap, its init, the interpreter',
      },
      {
        name: `calling ${interpreters.length} idle environments at once, without the handler's time`,
        unit: 'ms',
        system: summary(thawed),
        notes: `median ${median(thawed).toFixed(1)} ms`,
      },
    ];
  },
};
