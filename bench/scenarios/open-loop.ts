import { deploy, lambdaClient } from '../../test/kit/functions.ts';
import { post } from '../kit/connection.ts';
import { closedLoop } from '../kit/load.ts';
import { openLoop } from '../kit/open-loop.ts';
import { Program } from '../kit/programs.ts';
import type { Result, Scenario } from '../kit/scenario.ts';
import { median, summary } from '../kit/stats.ts';
import { body, invokeRequest } from './warm.ts';

/** Latency as callers see it who do not wait for each other, at shares of what each side can do at most. */
export const openLoopLatency: Scenario = {
  name: 'open-loop',
  about: 'latency from the intended moment of sending, at 10, 50 and 80 % of the maximum of each side',
  async run({ quick }) {
    await using server = await Program.server();
    await using bare = await Program.echo();
    const client = lambdaClient(`http://127.0.0.1:${server.port}`);
    await deploy(client, 'echo', { 'index.js': 'exports.handler = async (event) => event;' }, { MemorySize: 1769 });
    client.destroy();
    const durationMs = quick ? 1500 : 5000;
    const sides = [];
    for (const side of [
      { port: server.port, request: invokeRequest('echo') },
      { port: Number(bare.firstLine), request: post('/', body) },
    ]) {
      await closedLoop({ ...side, connections: 16, durationMs: durationMs / 2 });
      sides.push({ ...side, most: (await closedLoop({ ...side, connections: 16, durationMs })).perSecond });
    }
    const [system, baseline] = sides as [(typeof sides)[number], (typeof sides)[number]];
    const results: Result[] = [];
    for (const share of [0.1, 0.5, 0.8]) {
      const [ours, theirs, lags]: [number[][], number[][], number[]] = [[], [], []];
      for (let turn = 0; turn < (quick ? 3 : 5); turn += 1) {
        for (const [side, into] of [
          [system, ours],
          [baseline, theirs],
        ] as const) {
          const load = await openLoop({ ...side, perSecond: side.most * share, durationMs });
          into.push([...load.latenciesMs]);
          lags.push(...load.lagsMs);
        }
      }
      for (const [what, of] of [
        ['p50', median],
        ['p99', (samples: readonly number[]) => summary(samples).p99],
      ] as const) {
        const ratios = ours.map((samples, at) => of(samples) / of(theirs[at]!));
        results.push({
          name: `open loop ${what} at ${share * 100} %, ${(system.most * share).toFixed(0)} calls a second`,
          unit: 'ms',
          ratio: median(ratios),
          ratios,
          system: summary(ours.map(of)),
          baseline: summary(theirs.map(of)),
          baselineName: `bare node:http echo at ${(baseline.most * share).toFixed(0)}`,
          notes: `the generator was late by ${summary(lags).p99.toFixed(3)} ms at p99`,
        });
      }
    }
    return results;
  },
};
