import { deploy, lambdaClient } from '../../test/kit/functions.ts';
import { post } from '../kit/connection.ts';
import { Program } from '../kit/programs.ts';
import { proveIsolation } from '../kit/proof.ts';
import type { Result, Scenario } from '../kit/scenario.ts';
import { inTurns } from '../kit/turns.ts';

export const body = '{"message":"hello bench"}';
const echo = 'exports.handler = async (event) => event;';

/** Signed as an SDK would; the server in `--auth open` reads the account and the region from it. */
const authorization =
  'AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature=' +
  '0'.repeat(64);

export const invokeRequest = (name: string): Uint8Array =>
  post(`/2015-03-31/functions/${name}/invocations`, body, { Authorization: authorization, 'X-Amz-Date': '20260101T000000Z' });

/** The same as an event, to be acknowledged only. */
export const eventRequest = (name: string): Uint8Array =>
  post(`/2015-03-31/functions/${name}/invocations`, body, {
    Authorization: authorization,
    'X-Amz-Date': '20260101T000000Z',
    'X-Amz-Invocation-Type': 'Event',
  });

/** Warm calls of an echo function against a bare `node:http` echo, turn by turn. */
export const warm: Scenario = {
  name: 'warm',
  about: 'latency at one connection, throughput at sixteen, CPU per call',
  async run({ quick }) {
    await using server = await Program.server();
    await using bare = await Program.echo();
    const client = lambdaClient(`http://127.0.0.1:${server.port}`);
    await deploy(client, 'echo', { 'index.js': echo }, { MemorySize: 1769 });
    const notes = await proveIsolation(client);
    client.destroy();
    const system = { program: server, port: server.port, request: invokeRequest('echo') };
    const baseline = { program: bare, port: Number(bare.firstLine), request: post('/', body) };
    const results: Result[] = [];
    for (const connections of [1, 16]) {
      const options = {
        connections,
        turns: quick ? 3 : 5,
        durationMs: quick ? 1000 : 3000,
        baselineName: 'bare node:http echo',
        notes,
      };
      results.push(...(await inTurns('warm', system, baseline, options)));
    }
    return results;
  },
};
