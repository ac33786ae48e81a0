import { get } from 'node:http';
import { CreateFunctionUrlConfigCommand } from '@aws-sdk/client-lambda';
import { deploy, lambdaClient } from '../../test/kit/functions.ts';
import { Program } from '../kit/programs.ts';
import type { Result, Scenario } from '../kit/scenario.ts';
import { median, summary } from '../kit/stats.ts';

const handler = `
const piece = Buffer.alloc(65536, 'x');
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.setContentType('application/octet-stream');
  stream.write('x');
  for (let left = Number(event.queryStringParameters?.pieces ?? 0); left > 0; left -= 1)
    if (!stream.write(piece)) await new Promise((resolve) => stream.once('drain', resolve));
  stream.end();
});`;

const bytesOf = (pieces: number): number => 1 + pieces * 65_536;

interface Streamed {
  readonly firstMs: number;
  readonly megabytesPerSecond: number;
}

/** @throws Error when not every byte came */
function read(url: string, pieces: number): Promise<Streamed> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    get(`${url}?pieces=${pieces}`, { agent: false }, (answer) => {
      let bytes = 0;
      let firstMs = 0;
      answer.on('data', (piece: Buffer) => {
        if (bytes === 0) firstMs = performance.now() - startedAt;
        bytes += piece.length;
      });
      answer.on('error', reject);
      answer.on('end', () => {
        if (answer.statusCode !== 200 || bytes !== bytesOf(pieces))
          return reject(new Error(`A stream was wrong: ${answer.statusCode}, ${bytes} bytes`));
        resolve({ firstMs, megabytesPerSecond: bytes / 1e6 / ((performance.now() - startedAt) / 1000) });
      });
    }).on('error', reject);
  });
}

/** A function's streamed response through its URL, against a process behind one pipe. */
export const streaming: Scenario = {
  name: 'streaming',
  about: 'first byte and throughput of a streamed response through a function URL, against a one-hop pipe',
  async run({ quick }) {
    await using server = await Program.server();
    await using pipe = await Program.pipe();
    const client = lambdaClient(`http://127.0.0.1:${server.port}`);
    await deploy(client, 'stream', { 'index.js': handler }, { MemorySize: 1769, Timeout: 60 });
    const config = { FunctionName: 'stream', AuthType: 'NONE', InvokeMode: 'RESPONSE_STREAM' } as const;
    const { FunctionUrl = '' } = await client.send(new CreateFunctionUrlConfigCommand(config));
    client.destroy();
    const ours = FunctionUrl;
    const theirs = `http://127.0.0.1:${pipe.firstLine}/`;
    for (const url of [ours, theirs]) for (let each = 0; each < 20; each += 1) await read(url, 1);
    const results: Result[] = [];
    for (const [name, unit, pieces, rounds, of] of [
      ['first byte of a stream', 'ms', 0, quick ? 100 : 500, ({ firstMs }: Streamed) => firstMs],
      ['stream of 1 MB', 'MB per second', 16, quick ? 30 : 100, (streamed: Streamed) => streamed.megabytesPerSecond],
      ['stream of 100 MB', 'MB per second', 1526, quick ? 3 : 8, (streamed: Streamed) => streamed.megabytesPerSecond],
    ] as const) {
      const [system, baseline]: [number[], number[]] = [[], []];
      for (let round = 0; round < rounds; round += 1) {
        system.push(of(await read(ours, pieces)));
        baseline.push(of(await read(theirs, pieces)));
      }
      results.push({
        name,
        unit,
        ratio: median(system) / median(baseline),
        system: summary(system),
        baseline: summary(baseline),
        baselineName: 'one-hop pipe',
      });
    }
    return results;
  },
};
