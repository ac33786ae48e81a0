import { ServiceFault } from '@mayfly/wire';
import { functionArn, type AccountId, type Region } from '../../packages/server/src/base/index.ts';
import type { Catalog, CatalogChange, FunctionVersion, Resolution } from '../../packages/server/src/control/index.ts';

export const account = '000000000000' as AccountId;
export const region = 'us-east-1' as Region;

type Entry = Omit<Resolution, 'invokedArn'>;

/** A catalog of a few functions, changed by the test. */
export class ScriptedCatalog implements Catalog {
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<(change: CatalogChange) => void>();
  #incarnations = 0;

  /** Adds or changes a function; each call is a new incarnation. */
  put(
    functionName: string,
    options: {
      readonly version?: Partial<FunctionVersion>;
      readonly reservedConcurrency?: number;
      readonly provisionedConcurrency?: number;
      readonly recursiveLoop?: 'Allow';
    } = {},
  ): FunctionVersion {
    const arn = functionArn(region, account, functionName);
    const version: FunctionVersion = Object.freeze({
      account,
      region,
      functionName,
      version: '$LATEST',
      functionArn: arn,
      incarnation: `incarnation-${++this.#incarnations}`,
      state: 'Active',
      packageType: 'Zip',
      runtime: 'nodejs24.x',
      handler: 'index.handler',
      codeDir: '/nowhere',
      codeSha256: '',
      timeoutMs: 3000,
      memoryMiB: 128,
      ephemeralStorageMiB: 512,
      environment: {},
      role: 'arn:aws:iam::000000000000:role/r',
      architecture: 'x86_64',
      logging: { logFormat: 'Text', logGroup: `/aws/lambda/${functionName}` },
      tracingMode: 'PassThrough',
      network: 'loopback',
      ...options.version,
    } satisfies FunctionVersion);
    const { version: _version, ...rest } = options;
    this.#entries.set(arn, { version, ...rest });
    this.#tell({ functionArn: arn, incarnations: new Set([version.incarnation]) });
    return version;
  }

  /** Changes the reservation only; the incarnation stays. */
  reserve(functionName: string, reservedConcurrency: number): void {
    const arn = functionArn(region, account, functionName);
    const entry = this.#entries.get(arn);
    if (entry !== undefined) this.#entries.set(arn, { ...entry, reservedConcurrency });
  }

  delete(functionName: string): void {
    const arn = functionArn(region, account, functionName);
    this.#entries.delete(arn);
    this.#tell({ functionArn: arn, incarnations: new Set() });
  }

  /** Whatever the qualifier, there is one version. */
  resolve(_account: AccountId, _region: Region, name: string, qualifier?: string): Resolution {
    const [, plain = name, inName] = /^(?:arn:aws:lambda:[^:]+:\d+:function:)?([^:]+)(?::(.+))?$/.exec(name) ?? [];
    const arn = functionArn(region, account, plain);
    const entry = this.#entries.get(arn);
    if (entry === undefined) throw new ServiceFault('ResourceNotFoundException', `Function not found: ${arn}`, { status: 404 });
    const named = inName ?? qualifier;
    return { ...entry, invokedArn: named === undefined ? arn : `${arn}:${named}` };
  }

  find(...named: Parameters<ScriptedCatalog['resolve']>): Resolution {
    return this.resolve(...named);
  }

  reservedTotal(): number {
    let total = 0;
    for (const { reservedConcurrency } of this.#entries.values()) total += reservedConcurrency ?? 0;
    return total;
  }

  provisionedTotal(): number {
    let total = 0;
    for (const { provisionedConcurrency, reservedConcurrency } of this.#entries.values())
      if (reservedConcurrency === undefined) total += provisionedConcurrency ?? 0;
    return total;
  }

  onChange(listener: (change: CatalogChange) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  #tell(change: CatalogChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
