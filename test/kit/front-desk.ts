import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { serviceNames, ServiceFault, type Handlers, type LambdaOperations } from '@mayfly/wire';
import { AwsDoor, listen, type HandlerTables } from '../../packages/server/src/api/index.ts';
import {
  awsLimits,
  silentLogger,
  systemClock,
  systemRandom,
  type AccountId,
  type Clock,
  type Limits,
  type Random,
} from '../../packages/server/src/base/index.ts';
import {
  openControl,
  type CodeStore,
  type Control,
  type ControlPorts,
  type RuntimeCheck,
  type RuntimeSupport,
  type Seal,
  type StoredCode,
} from '../../packages/server/src/control/index.ts';
import type { Database } from '../../packages/server/src/storage/index.ts';
import { PlainDatabase } from './plain-database.ts';

/** Keeps archives in memory and says of their sizes what a test wants. */
export class PlainCodeStore implements CodeStore {
  readonly #archives = new Map<string, Uint8Array>();
  /** Lists of layers that were merged. */
  readonly merged: (readonly string[])[] = [];
  unzippedSize: (zip: Uint8Array) => number = (zip) => zip.byteLength * 2;
  /** What an archive brings of a signature. */
  sealOf: (zip: Uint8Array) => Seal | undefined = () => undefined;
  swept: ReadonlyMap<AccountId, ReadonlySet<string>> | undefined;

  async take(_account: AccountId, zip: Uint8Array | AsyncIterable<Uint8Array>): Promise<StoredCode> {
    const chunks: Uint8Array[] = [];
    if (zip instanceof Uint8Array) chunks.push(zip);
    else for await (const chunk of zip) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    if (Buffer.from(bytes.subarray(0, 2)).toString('latin1') !== 'PK')
      throw new ServiceFault(
        'InvalidParameterValueException',
        'Could not unzip uploaded file. Please check your file, then try to upload again.',
      );
    const codeSha256 = createHash('sha256').update(bytes).digest('base64');
    this.#archives.set(codeSha256, bytes);
    const seal = this.sealOf(bytes);
    return {
      codeSha256,
      codeSize: bytes.byteLength,
      unzippedSize: this.unzippedSize(bytes),
      dir: this.dir(_account, codeSha256),
      ...(seal === undefined ? {} : { seal }),
    };
  }
  dir(account: AccountId, codeSha256: string): string {
    return `/code/${account}/${codeSha256}`;
  }
  archive(account: AccountId, codeSha256: string): string {
    return `${this.dir(account, codeSha256)}.zip`;
  }
  layers(account: AccountId, codeSha256s: readonly string[]): Promise<string> {
    this.merged.push(codeSha256s);
    return Promise.resolve(`/layers/${account}/${codeSha256s.join('+')}`);
  }
  sweep(inUse: ReadonlyMap<AccountId, ReadonlySet<string>>): Promise<void> {
    this.swept = inUse;
    return Promise.resolve();
  }
}

/** `nodejs24.x` is there; `python3.13` has to be fetched, which takes until the test says so; nothing else is. */
export class ScriptedRuntimes implements RuntimeSupport {
  readonly checks = new Map<string, RuntimeCheck>([
    ['nodejs24.x', { kind: 'ready' }],
    ['nodejs22.x', { kind: 'ready' }],
    ['python3.13', { kind: 'preparable', from: 'a shelf' }],
  ]);
  #fetch = Promise.withResolvers<void>();

  check(runtime: string): RuntimeCheck {
    return this.checks.get(runtime) ?? { kind: 'unavailable', remedy: `Install ${runtime}.` };
  }
  async prepare(runtime: string, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    await Promise.race([this.#fetch.promise, aborted]);
    this.checks.set(runtime, { kind: 'ready' });
  }
  arrive(): void {
    this.#fetch.resolve();
    this.#fetch = Promise.withResolvers<void>();
  }
  fail(reason: Error): void {
    this.#fetch.reject(reason);
    this.#fetch = Promise.withResolvers<void>();
  }
}

/** The control room behind the street door, with an SDK client in front. */
export interface FrontDesk extends AsyncDisposable {
  readonly client: LambdaClient;
  readonly control: Control;
  readonly database: Database;
  readonly code: PlainCodeStore;
  readonly runtimes: ScriptedRuntimes;
  clientFor(account: string, region?: string): LambdaClient;
}

export const account = '111111111111';

/** Takes over `database` when one is given; `dataDir` is the test's. */
export async function openFrontDesk(
  options: {
    readonly database?: Database;
    readonly dataDir?: string;
    readonly ports?: Partial<ControlPorts>;
    readonly limits?: Partial<Limits>;
    readonly random?: Random;
    /** The control room's; sockets keep the real one. */
    readonly clock?: Clock;
    readonly runtimes?: ScriptedRuntimes;
  } = {},
): Promise<FrontDesk> {
  await using rooms = new AsyncDisposableStack();
  const dataDir = options.dataDir ?? mkdtempSync(path.join(tmpdir(), 'mayfly-desk-'));
  if (options.dataDir === undefined) rooms.defer(() => rmSync(dataDir, { recursive: true, force: true }));
  const database = rooms.use(options.database ?? new PlainDatabase());
  const limits = { ...awsLimits, ...options.limits };
  const code = new PlainCodeStore();
  const runtimes = options.runtimes ?? new ScriptedRuntimes();
  const shared = { clock: systemClock, random: options.random ?? systemRandom, log: silentLogger, limits };
  const control = rooms.use(
    await openControl({
      ...shared,
      clock: options.clock ?? systemClock,
      database,
      code,
      runtimes,
      masterKeyFile: path.join(dataDir, 'master.key'),
      ports: {
        codeUrl: (call, owner, sha256) => `${call.origin}/_mayfly/code/${owner}/${encodeURIComponent(sha256)}`,
        functionUrl: (id, region) => `https://${id}.lambda-url.${region}.on.aws/`,
        ...options.ports,
      },
    }),
  );
  // In place of the pollers, which say that they follow.
  const { mappings } = control;
  rooms.use(mappings.onChange((uuid, view) => view && mappings.report(uuid, { state: view.enabled ? 'Enabled' : 'Disabled' })));
  const others = Object.fromEntries(serviceNames.map((name) => [name, () => Promise.resolve({})]));
  const handlers = { ...others, lambda: () => Promise.resolve(control.handlers as unknown as Handlers<LambdaOperations>) };
  const server = rooms.use(
    await listen({
      ...shared,
      host: '127.0.0.1',
      port: 0,
      admin: { metrics: () => '', status: () => Promise.resolve({}) },
      aws: new AwsDoor({ limits, log: silentLogger, region: 'us-east-1', handlers: handlers as unknown as HandlerTables }),
    }),
  );
  const clientFor = (accessKeyId: string, region = 'us-east-1'): LambdaClient =>
    new LambdaClient({ endpoint: server.origin, region, maxAttempts: 1, credentials: { accessKeyId, secretAccessKey: 'x' } });
  const opened = rooms.move();
  return {
    client: clientFor(account),
    control,
    database,
    code,
    runtimes,
    clientFor,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** The least an archive needs to be taken by PlainCodeStore; another text is other code. */
export const zip = (text = 'code'): Uint8Array => Buffer.from(`PK${text}`);
export const role = `arn:aws:iam::${account}:role/r`;
export const arn = (rest: string): string => `arn:aws:lambda:us-east-1:${account}:${rest}`;
