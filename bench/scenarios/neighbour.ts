import { setTimeout as pause } from 'node:timers/promises';
import { deploy, lambdaClient } from '../../test/kit/functions.ts';
import { Connection } from '../kit/connection.ts';
import { closedLoop } from '../kit/load.ts';
import { Program } from '../kit/programs.ts';
import type { Result, Scenario } from '../kit/scenario.ts';
import { median, summary } from '../kit/stats.ts';
import { invokeRequest } from './warm.ts';

const coldPerSecond = 20;

/** One function is called again and again while others are called for the first time, and while nobody else is. */
export const neighbour: Scenario = {
  name: 'neighbour',
  about: `p99 of a warm function while ${coldPerSecond} others a second start cold, against the same function alone`,
  async run({ quick }) {
    const turns = quick ? 3 : 8;
    const durationMs = quick ? 2000 : 4000;
    const starts = Math.floor((durationMs / 1000) * coldPerSecond);
    await using server = await Program.server();
    const client = lambdaClient(`http://127.0.0.1:${server.port}`);
    await deploy(client, 'echo', { 'index.js': 'exports.handler = async (event) => event;' }, { MemorySize: 1769 });
    for (let at = 0; at < turns * starts; at += 1)
      await deploy(client, `cold${at}`, { 'index.js': 'exports.handler = async () => "hello";' });
    client.destroy();
    const warm = { port: server.port, request: invokeRequest('echo'), connections: 1, durationMs };
    await closedLoop(warm);
    const [alone, beside, cold]: [number[][], number[][], number[]] = [[], [], []];
    for (let turn = 0; turn < turns; turn += 1) {
      alone.push([...(await closedLoop(warm)).latenciesMs]);
      const others = Array.from({ length: starts }, async (_, at) => {
        await pause((at * 1000) / coldPerSecond);
        using connection = await Connection.open(server.port);
        const sentAt = performance.now();
        const answer = await connection.ask(invokeRequest(`cold${turn * starts + at}`));
        if (answer.body.toString() !== '"hello"') throw new Error(`A cold call failed: ${answer.body.toString()}`);
        cold.push(performance.now() - sentAt);
      });
      const [load] = await Promise.all([closedLoop(warm), ...others]);
      beside.push([...load.latenciesMs]);
      // The pool is full again, and what was started has gone to rest.
      await pause(2000);
    }
    const percentiles = [
      ['p50', median],
      ['p99', (samples: readonly number[]) => summary(samples).p99],
    ] as const;
    return percentiles.map(([name, of]): Result => {
      const ratios = beside.map((samples, turn) => of(samples) / of(alone[turn]!));
      return {
        name: `warm ${name} beside ${coldPerSecond} cold starts a second`,
        unit: 'ms',
        ratio: median(ratios),
        ratios,
        system: summary(beside.map(of)),
        baseline: summary(alone.map(of)),
        baselineName: 'alone',
        notes: `the cold calls took ${summary(cold).p50.toFixed(1)} ms at p50, ${summary(cold).p99.toFixed(1)} at p99`,
      };
    });
  },
};
