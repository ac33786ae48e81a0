import { setTimeout as pause } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { deploy, lambdaClient } from '../../test/kit/functions.ts';
import { Connection } from '../kit/connection.ts';
import { filesOf, installed } from '../kit/fixtures.ts';
import { Program, timeOf } from '../kit/programs.ts';
import type { Result, Scenario } from '../kit/scenario.ts';
import { median, summary } from '../kit/stats.ts';
import { invokeRequest } from './warm.ts';

/** Says whether this is the first call of its environment, and whether what V8 compiled before was there. */
const handler = `
let calls = 0;
exports.handler = async () => ({ calls: ++calls, cached: require('fs').existsSync(require('module').getCompileCacheDir?.() ?? '') });`;

const sets = [
  {
    name: 'two AWS SDK clients',
    fixture: 'sdk',
    load: "new (require('@aws-sdk/client-s3').S3Client)({}); new (require('@aws-sdk/client-dynamodb').DynamoDBClient)({});",
  },
  { name: 'express, zod, lodash', fixture: 'web', load: "require('express')(); require('zod'); require('lodash');" },
];

/** Environments go as soon as they may, so that every call is the first of one; booted boxes wait. */
const flags = ['--pool-size', '4', '--idle-ms', '0'];
const goneMs = 700;

/** @returns milliseconds of a call that must have met a new environment */
async function coldCall(port: number, name: string, cached: boolean): Promise<number> {
  using connection = await Connection.open(port);
  const sentAt = performance.now();
  const answer = await connection.ask(invokeRequest(name));
  const tookMs = performance.now() - sentAt;
  const said = answer.body.toString();
  if (said !== JSON.stringify({ calls: 1, cached })) throw new Error(`Not the call that was wanted: ${said}`);
  return tookMs;
}

/** Cold starts with dependencies against the interpreter alone, and whether code that is never used costs anything. */
export const packages: Scenario = {
  name: 'packages',
  about: 'cold starts with dependencies, compiled before, against a bare require; and with 50 MB that nobody uses',
  async run({ quick }) {
    const samples = quick ? 12 : 40;
    await using server = await Program.server(flags);
    const client = lambdaClient(`http://127.0.0.1:${server.port}`);
    const options = { MemorySize: 1769, Timeout: 30 };
    const results: Result[] = [];
    for (const { name, fixture, load } of sets) {
      const folder = installed(fixture);
      const files = { ...filesOf(folder), 'index.js': load + handler };
      const bare = [process.execPath, '-e', load];
      const [firsts, seconds, laters, baseline]: [number[], number[], number[], number[]] = [[], [], [], []];
      const versions = Math.ceil(samples / 4);
      for (let version = 0; version < versions; version += 1) {
        const functionName = `${fixture}${version}`;
        await deploy(client, functionName, files, options);
        await pause(goneMs);
        firsts.push(await coldCall(server.port, functionName, false));
        await pause(goneMs);
        seconds.push(await coldCall(server.port, functionName, false));
        for (let call = 0; call < 4; call += 1) {
          await pause(goneMs);
          laters.push(await coldCall(server.port, functionName, true));
          baseline.push(await timeOf(bare, folder));
        }
      }
      const beside = { baseline: summary(baseline), baselineName: 'node -e, the same require' };
      for (const [title, system] of [
        ['first of a version', firsts],
        ['second, which makes the cache', seconds],
        ['later', laters],
      ] as const) {
        const ratio = median(system) / median(baseline);
        results.push({ name: `cold ${name}, ${title}`, unit: 'ms', ratio, system: summary(system), ...beside });
      }
    }
    const unused = Object.fromEntries(
      Array.from({ length: 50 }, (_, at) => [`unused/${at}.js`, `module.exports = '${randomBytes(500_000).toString('hex')}';`]),
    );
    await deploy(client, 'small', { 'index.js': handler }, options);
    await deploy(client, 'large', { 'index.js': handler, ...unused }, options);
    client.destroy();
    const [small, large]: [number[], number[]] = [[], []];
    for (let call = 0; call <= samples; call += 1) {
      for (const [functionName, into] of [
        ['small', small],
        ['large', large],
      ] as const) {
        await pause(goneMs);
        into.push(await coldCall(server.port, functionName, false));
      }
    }
    results.push({
      name: 'cold hello beside 50 MB that nobody uses',
      unit: 'ms',
      ratio: median(large.slice(1)) / median(small.slice(1)),
      system: summary(large.slice(1)),
      baseline: summary(small.slice(1)),
      baselineName: 'cold hello',
    });
    return results;
  },
};
