import { deploy, lambdaClient } from '../../test/kit/functions.ts';
import { post } from '../kit/connection.ts';
import { closedLoop } from '../kit/load.ts';
import { cpuMsOf, treeOf } from '../kit/machine.ts';
import { Program } from '../kit/programs.ts';
import { proveIsolation } from '../kit/proof.ts';
import type { Result, Scenario } from '../kit/scenario.ts';
import { median, summary } from '../kit/stats.ts';

const body = '{"message":"hello bench"}';
const echo = 'exports.handler = async (event) => event;';

/** Signed as an SDK would; the server in `--auth open` reads the account and the region from it. */
const authorization =
  'AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature=' + '0'.repeat(64);

export const invokeRequest = (name: string): Uint8Array =>
  post(`/2015-03-31/functions/${name}/invocations`, body, { Authorization: authorization, 'X-Amz-Date': '20260101T000000Z' });

/** Warm calls of an echo function against a bare `node:http` echo, turn by turn. */
export const warm: Scenario = {
  name: 'warm',
  about: 'latency at one connection, throughput at sixteen, CPU per invoke',
  async run({ quick }) {
    const repeats = quick ? 3 : 5;
    const durationMs = quick ? 1000 : 3000;
    await using server = await Program.server();
    await using bare = await Program.echo();
    const client = lambdaClient(`http://127.0.0.1:${server.port}`);
    await deploy(client, 'echo', { 'index.js': echo }, { MemorySize: 1769 });
    const notes = await proveIsolation(client);
    const system = { port: server.port, request: invokeRequest('echo') };
    const baseline = { port: Number(bare.firstLine), request: post('/', body) };
    const results: Result[] = [];
    for (const connections of [1, 16]) {
      await closedLoop({ ...system, connections, durationMs: 500 });
      await closedLoop({ ...baseline, connections, durationMs: 500 });
      const series: { system: number[]; baseline: number[]; ratios: number[]; cpuUs: number[] } = { system: [], baseline: [], ratios: [], cpuUs: [] };
      for (let turn = 0; turn < repeats; turn += 1) {
        const before = treeOf(server.pid).map(cpuMsOf).reduce((sum, each) => sum + each, 0);
        const ours = await closedLoop({ ...system, connections, durationMs });
        const after = treeOf(server.pid).map(cpuMsOf).reduce((sum, each) => sum + each, 0);
        const theirs = await closedLoop({ ...baseline, connections, durationMs });
        series.cpuUs.push(((after - before) * 1000) / ours.latenciesMs.length);
        if (connections === 1) {
          series.system.push(...ours.latenciesMs);
          series.baseline.push(...theirs.latenciesMs);
          series.ratios.push(median(ours.latenciesMs) / median(theirs.latenciesMs));
        } else {
          series.system.push(ours.perSecond);
          series.baseline.push(theirs.perSecond);
          series.ratios.push(ours.perSecond / theirs.perSecond);
        }
      }
      results.push({
        name: connections === 1 ? 'warm latency, c=1' : 'warm throughput, c=16',
        unit: connections === 1 ? 'ms' : 'per second',
        ratio: median(series.ratios),
        ratios: series.ratios,
        system: summary(series.system),
        baseline: summary(series.baseline),
        baselineName: 'bare node:http echo',
        notes,
      });
      results.push({
        name: `CPU per invoke, c=${connections}, server and boxes together`,
        unit: 'µs',
        system: summary(series.cpuUs),
      });
    }
    client.destroy();
    return results;
  },
};
