import { deploy, lambdaClient } from '../../test/kit/functions.ts';
import { post } from '../kit/connection.ts';
import { goBootstrap, goMissing } from '../../test/runtimes/kit/go.ts';
import { Program, whereIs } from '../kit/programs.ts';
import type { Result, Scenario } from '../kit/scenario.ts';
import { inTurns } from '../kit/turns.ts';
import { body, invokeRequest } from './warm.ts';

/** A runtime as anybody may bring it: Node's own HTTP client, one call after the other, the Runtime API as documented. */
const runtime = `
import { Agent, request } from 'node:http';
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const call = (method, path, body) => new Promise((resolve, reject) => {
  const asked = request({ host, port, agent, method, path: '/2018-06-01/runtime/invocation/' + path }, (answer) => {
    const pieces = [];
    answer.on('data', (piece) => pieces.push(piece)).on('end', () => resolve({ id: answer.headers['lambda-runtime-aws-request-id'], body: Buffer.concat(pieces) }));
  });
  asked.on('error', reject).end(body);
});
for (;;) {
  const event = await call('GET', 'next');
  await call('POST', event.id + '/response', JSON.stringify(JSON.parse(event.body.toString('utf8'))));
}
`;

/** Those that this machine can have. */
async function customRuntimes(): Promise<Readonly<Record<string, Readonly<Record<string, string | Uint8Array>>>>> {
  // A box sees the programs below /usr, not those of a home folder.
  const node = ['/usr/bin/node', '/usr/local/bin/node'].find((file) => whereIs(file) !== undefined);
  return {
    ...(goMissing === false ? { go: { bootstrap: await goBootstrap() } } : {}),
    ...(node === undefined
      ? {}
      : { node: { bootstrap: `#!/bin/sh\nexec ${node} /var/task/runtime.mjs\n`, 'runtime.mjs': runtime } }),
  };
}

export const runtimeApi: Scenario = {
  name: 'runtime-api',
  about: 'custom runtimes over the HTTP Runtime API, with unmodified clients: AWS’s for Go, Node’s own HTTP',
  async run({ quick }) {
    await using server = await Program.server();
    await using bare = await Program.echo();
    const client = lambdaClient(`http://127.0.0.1:${server.port}`);
    const results: Result[] = [];
    for (const [name, files] of Object.entries(await customRuntimes())) {
      await deploy(client, name, files, { Runtime: 'provided.al2023', Handler: 'x', MemorySize: 1769 });
      const system = { program: server, port: server.port, request: invokeRequest(name) };
      const baseline = { program: bare, port: Number(bare.firstLine), request: post('/', body) };
      for (const connections of [1, 16]) {
        const options = {
          connections,
          turns: quick ? 3 : 5,
          durationMs: quick ? 1000 : 3000,
          baselineName: 'bare node:http echo',
        };
        results.push(...(await inTurns(`custom runtime (${name})`, system, baseline, options)));
      }
    }
    client.destroy();
    return results;
  },
};
