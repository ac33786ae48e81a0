import path from 'node:path';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { lambdaClient } from '../../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../../kit/server.ts';

export interface House extends AsyncDisposable {
  readonly origin: string;
  readonly client: LambdaClient;
  readonly server: RunningServer;
  /** Settings of any other client. */
  readonly settings: { readonly endpoint: string; readonly region: string; readonly maxAttempts: number; readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } };
}

/**
 * One real server, started as its user starts it, and a client of it.
 *
 * @param options.prepare  puts into the data folder what an operator puts there
 */
export async function openHouse(options: { readonly flags?: readonly string[]; readonly prepare?: (dataDir: string) => void } = {}): Promise<House> {
  const folder = temporaryFolder();
  const dataDir = path.join(folder.path, 'data');
  options.prepare?.(dataDir);
  const server = await RunningServer.start(dataDir, options.flags);
  const client = lambdaClient(server.origin);
  return {
    origin: server.origin,
    client,
    server,
    settings: { endpoint: server.origin, region: 'us-east-1', maxAttempts: 1, credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' } },
    async [Symbol.asyncDispose]() {
      client.destroy();
      await server.stop();
      folder[Symbol.dispose]();
    },
  };
}
