import { existsSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deploy, lambdaClient } from '../../test/kit/functions.ts';
import { post } from '../kit/connection.ts';
import { installed } from '../kit/fixtures.ts';
import { freePort, Program } from '../kit/programs.ts';
import type { Result, Scenario } from '../kit/scenario.ts';
import { inTurns, type Side } from '../kit/turns.ts';
import { body, invokeRequest } from './warm.ts';

const folderOf = (files: Readonly<Record<string, string>>): string => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-bench-peer-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return folder;
};

/** An isolate of the open-source Workers runtime: no process of its own, no Lambda API. */
async function workerd(packages: string): Promise<Side | undefined> {
  const program = path.join(
    packages,
    `@cloudflare/workerd-${process.platform}-${process.arch === 'x64' ? '64' : process.arch}/bin/workerd`,
  );
  if (!existsSync(program)) return undefined;
  const port = await freePort();
  const script =
    "addEventListener('fetch', (event) => event.respondWith((async () => new Response(JSON.stringify(await event.request.json())))()))";
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (serviceWorkerScript = ${JSON.stringify(script)}, compatibilityDate = "2026-01-01"))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]);
`;
  const folder = folderOf({ 'config.capnp': config });
  return { program: await Program.listening([program, 'serve', 'config.capnp'], port, folder), port, request: post('/', body) };
}

/** The emulator most people run locally: worker threads, no walls. */
async function serverlessOffline(packages: string): Promise<Side> {
  const [lambdaPort, httpPort] = [await freePort(), await freePort()];
  const folder = folderOf({
    'handler.js': 'exports.echo = async (event) => event;',
    'serverless.yml': `service: peer
frameworkVersion: '3'
provider: { name: aws, runtime: nodejs20.x }
plugins: [serverless-offline]
functions: { echo: { handler: handler.echo } }
custom: { serverless-offline: { lambdaPort: ${lambdaPort}, httpPort: ${httpPort} } }
`,
  });
  symlinkSync(packages, path.join(folder, 'node_modules'));
  const command = [process.execPath, path.join(packages, 'serverless/bin/serverless.js'), 'offline', 'start'];
  return {
    program: await Program.listening(command, lambdaPort, folder),
    port: lambdaPort,
    request: post('/2015-03-31/functions/peer-dev-echo/invocations', body),
  };
}

/** Warm calls beside others who run functions, each in turn with ours. */
export const peers: Scenario = {
  name: 'peers',
  about: 'warm calls against workerd (isolates) and serverless-offline (threads), neither of which has walls of processes',
  async run({ quick }) {
    const packages = path.join(installed('peers'), 'node_modules');
    const results: Result[] = [];
    for (const [name, open] of [
      ['workerd', workerd],
      ['serverless-offline', serverlessOffline],
    ] as const) {
      const peer = await open(packages);
      if (peer === undefined) continue;
      await using _peer = peer.program;
      await using server = await Program.server();
      const client = lambdaClient(`http://127.0.0.1:${server.port}`);
      await deploy(client, 'echo', { 'index.js': 'exports.handler = async (event) => event;' }, { MemorySize: 1769 });
      client.destroy();
      const system = { program: server, port: server.port, request: invokeRequest('echo') };
      for (const connections of [1, 16]) {
        const options = { connections, turns: quick ? 3 : 5, durationMs: quick ? 1000 : 3000, baselineName: name };
        results.push(...(await inTurns(`beside ${name},`, system, peer, options)));
      }
    }
    return results;
  },
};
