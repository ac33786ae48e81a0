import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  CreateFunctionUrlConfigCommand,
  GetFunctionCommand,
  GetFunctionUrlConfigCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
  type FunctionUrlAuthType,
  type LambdaClient,
  type Runtime,
} from '@aws-sdk/client-lambda';
import { ZipFile } from 'yazl';
import { exitCodes, Stop } from './exit.ts';
import { withRole } from './role.ts';
import { lambdaOf, targetOf, type TargetFlags } from './target.ts';

/** `mayfly.json` of a folder; what is missing is guessed from its files. */
interface Manifest {
  readonly name?: string;
  readonly runtime?: string;
  readonly handler?: string;
  /** MiB */
  readonly memory?: number;
  /** Seconds */
  readonly timeout?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Run by the shell in the folder before anything is packed: `npm ci`, `make` … */
  readonly build?: string;
  /** What is packed, below the folder; the folder itself when absent. */
  readonly dir?: string;
  /** Gives the function a URL: `NONE` for everybody, `AWS_IAM` for signed callers. */
  readonly url?: 'NONE' | 'AWS_IAM';
}

/** `mayfly deploy DIR`: creates the function or brings it up to date, waits, and says how to call it. */
export async function deploy(dir: string, flags: TargetFlags & { readonly name?: string }): Promise<void> {
  const folder = path.resolve(dir);
  const manifest = manifestOf(folder);
  build(folder, manifest);
  const packed = path.join(folder, manifest.dir ?? '');
  const guess = existsSync(packed) ? guessOf(packed) : undefined;
  const name = flags.name ?? manifest.name ?? path.basename(folder);
  const runtime = (manifest.runtime ?? guess?.runtime) as Runtime | undefined;
  const handler = manifest.handler ?? guess?.handler;
  if (runtime === undefined || handler === undefined)
    throw new Stop(
      exitCodes.usage,
      `${folder} has none of index.mjs, index.js, lambda_function.py, app.py, bootstrap. Write its runtime and handler into ${path.join(folder, 'mayfly.json')}.`,
    );
  if (!existsSync(packed))
    throw new Stop(
      exitCodes.usage,
      `There is no folder ${packed}, which ${path.join(folder, 'mayfly.json')} says is to be packed.`,
    );
  const zip = await zipOf(packed);
  const configuration = {
    Runtime: runtime,
    Handler: handler,
    ...(manifest.memory === undefined ? {} : { MemorySize: manifest.memory }),
    ...(manifest.timeout === undefined ? {} : { Timeout: manifest.timeout }),
    ...(manifest.env === undefined ? {} : { Environment: { Variables: { ...manifest.env } } }),
  };
  const target = targetOf(flags);
  const client = lambdaOf(target);
  const wait = { client, maxWaitTime: 300, minDelay: 1, maxDelay: 2 };
  const exists = await client.send(new GetFunctionCommand({ FunctionName: name })).then(
    () => true,
    (error: Error) => {
      if (error.name === 'ResourceNotFoundException') return false;
      throw error;
    },
  );
  if (exists) {
    await client.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: zip }));
    await waitUntilFunctionUpdatedV2(wait, { FunctionName: name });
    await client.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, ...configuration }));
    await waitUntilFunctionUpdatedV2(wait, { FunctionName: name });
  } else {
    await withRole(target, (Role) =>
      client.send(new CreateFunctionCommand({ FunctionName: name, Role, Code: { ZipFile: zip }, ...configuration })),
    );
    await waitUntilFunctionActiveV2(wait, { FunctionName: name });
  }
  const url = manifest.url === undefined ? undefined : await urlOf(client, name, manifest.url);
  const done = {
    name,
    runtime,
    handler,
    zippedBytes: zip.length,
    action: exists ? 'updated' : 'created',
    ...(url === undefined ? {} : { url }),
  };
  process.stdout.write(
    flags.json === true
      ? JSON.stringify(done) + '\n'
      : `${exists ? 'Updated' : 'Created'} ${name} (${runtime}, ${handler}, ${zip.length} bytes).\n${url === undefined ? `Call it: mayfly invoke ${name} '{}'` : `Open it: ${url}`}\n`,
  );
}

function build(folder: string, { build: command }: Manifest): void {
  if (command === undefined) return;
  // The build's own words belong on standard error: standard output is ours, perhaps as JSON.
  const run = spawnSync(command, { cwd: folder, shell: true, stdio: ['ignore', 2, 2] });
  if (run.status !== 0) throw new Stop(exitCodes.usage, `The build of ${folder} failed: ${command}`);
}

/** The function's URL, made when there is none; a public one also needs the permission that says so. */
async function urlOf(client: LambdaClient, name: string, authType: FunctionUrlAuthType): Promise<string | undefined> {
  try {
    return (await client.send(new GetFunctionUrlConfigCommand({ FunctionName: name }))).FunctionUrl;
  } catch (error) {
    if ((error as Error).name !== 'ResourceNotFoundException') throw error;
  }
  const { FunctionUrl } = await client.send(new CreateFunctionUrlConfigCommand({ FunctionName: name, AuthType: authType }));
  if (authType === 'NONE') {
    const everybody = { FunctionName: name, Principal: '*' };
    await client.send(
      new AddPermissionCommand({
        ...everybody,
        StatementId: 'FunctionURLAllowPublicAccess',
        Action: 'lambda:InvokeFunctionUrl',
        FunctionUrlAuthType: 'NONE',
      }),
    );
    await client.send(
      new AddPermissionCommand({
        ...everybody,
        StatementId: 'FunctionURLInvokeAllowPublicAccess',
        Action: 'lambda:InvokeFunction',
        InvokedViaFunctionUrl: true,
      }),
    );
  }
  return FunctionUrl;
}

function manifestOf(folder: string): Manifest {
  const file = path.join(folder, 'mayfly.json');
  if (!existsSync(folder)) throw new Stop(exitCodes.usage, `There is no folder ${folder}.`);
  if (!existsSync(file)) return {};
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  } catch (error) {
    throw new Stop(exitCodes.usage, `${file} is not JSON: ${(error as Error).message}`);
  }
}

const guesses = [
  ['index.mjs', 'nodejs24.x', 'index.handler'],
  ['index.js', 'nodejs24.x', 'index.handler'],
  ['index.cjs', 'nodejs24.x', 'index.handler'],
  ['lambda_function.py', 'python3.13', 'lambda_function.lambda_handler'],
  ['app.py', 'python3.13', 'app.handler'],
  ['bootstrap', 'provided.al2023', 'bootstrap'],
] as const;

function guessOf(folder: string): { readonly runtime: string; readonly handler: string } | undefined {
  const found = guesses.find(([file]) => existsSync(path.join(folder, file)));
  return found === undefined ? undefined : { runtime: found[1], handler: found[2] };
}

/** A fixed moment, so that the same files give the same zip and the same CodeSha256. */
const mtime = new Date(1980, 0, 1);

async function zipOf(folder: string): Promise<Buffer> {
  const zip = new ZipFile();
  const add = (relative: string): void => {
    for (const name of readdirSync(path.join(folder, relative)).sort()) {
      if (name === '.git' || (relative === '' && name === 'mayfly.json')) continue;
      const inside = relative === '' ? name : `${relative}/${name}`;
      const full = path.join(folder, inside);
      const stat = lstatSync(full);
      if (stat.isDirectory()) add(inside);
      else if (stat.isSymbolicLink()) zip.addBuffer(Buffer.from(readlinkSync(full)), inside, { mtime, mode: 0o120777 });
      else if (stat.isFile()) zip.addFile(full, inside, { mtime, mode: stat.mode });
    }
  };
  add('');
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
