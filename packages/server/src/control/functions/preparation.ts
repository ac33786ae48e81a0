import type { Logger, Random } from '../../base/index.ts';
import type { RuntimeSupport } from '../catalog.ts';
import { RefusedImage } from '../images/refusal.ts';
import type { LayerFolders } from '../layers/folders.ts';
import type { Scope } from '../names.ts';
import type { Images } from '../ports.ts';
import type { Shelf } from '../records/shelf.ts';
import { latest, type Configuration, type Reason, type VersionRecord } from './record.ts';

/** Fetching and unpacking at one time; the rest waits in line. */
const together = 4;

interface PreparationOptions {
  readonly shelf: Shelf;
  readonly runtimes: RuntimeSupport;
  readonly folders: LayerFolders;
  readonly images: Images | undefined;
  readonly random: Random;
  readonly log: Logger;
}

interface Job {
  readonly scope: Scope;
  readonly functionName: string;
  readonly version: string;
}

export const creating: Reason = { code: 'Creating', text: 'The function is being created.' };

export const isUnderWay = (record: VersionRecord): boolean =>
  record.state === 'Pending' || record.lastUpdate?.status === 'InProgress';

/**
 * What a version needs before it can run, done while it is Pending or InProgress: its runtime, its
 * layers merged, its image unpacked. In the background; what a restart cut short is begun again by
 * whoever opens the room.
 */
export class Preparation implements AsyncDisposable {
  readonly #options: PreparationOptions;
  readonly #stop = new AbortController();
  readonly #line: Job[] = [];
  readonly #running = new Set<Promise<void>>();

  constructor(options: PreparationOptions) {
    this.#options = options;
  }

  begin(scope: Scope, functionName: string, version: string): void {
    this.#line.push({ scope, functionName, version });
    this.#next();
  }

  /** Resolves when nothing is being prepared any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('The server is stopping.'));
    this.#line.length = 0;
    await this.idle();
  }

  #next(): void {
    if (this.#running.size >= together || this.#stop.signal.aborted) return;
    const job = this.#line.shift();
    if (job === undefined) return;
    const run = this.#run(job).catch((error: unknown) => {
      this.#options.log.error('A function could not be prepared.', {
        functionName: job.functionName,
        version: job.version,
        error,
      });
    });
    const ended = run.then(() => {
      this.#running.delete(ended);
      this.#next();
    });
    this.#running.add(ended);
  }

  async #run(job: Job): Promise<void> {
    const { shelf } = this.#options;
    const before = shelf.desk(job.scope).get('version', job.functionName, job.version);
    if (before === undefined || !isUnderWay(before)) return;
    const reason = await this.#prepare(job.scope, before.configuration);
    if (this.#stop.signal.aborted) return;
    await shelf.change(job.scope, (desk, change) => {
      const record = desk.get('version', job.functionName, job.version);
      // Deleted, and perhaps made anew, while we were at it.
      if (record?.incarnation !== before.incarnation || !isUnderWay(record)) return;
      change.put('version', job.functionName, job.version, this.#ended(record, reason));
    });
  }

  /** @returns why it cannot run; undefined = it can */
  async #prepare(scope: Scope, configuration: Configuration): Promise<Reason | undefined> {
    const { runtimes, folders, images, log } = this.#options;
    const { signal } = this.#stop;
    const { runtime, code } = configuration;
    try {
      if (runtime !== undefined && runtimes.check(runtime).kind !== 'ready') await runtimes.prepare(runtime, { signal });
    } catch (error) {
      log.warn('A runtime could not be prepared.', { runtime, error });
      return { code: 'InvalidRuntime', text: `The runtime ${runtime} could not be prepared: ${textOf(error)}` };
    }
    try {
      await folders.prepare(scope.account, configuration.layers);
    } catch (error) {
      log.warn('The layers of a function could not be merged.', { error });
      return { code: 'InternalError', text: `The layers could not be merged: ${textOf(error)}` };
    }
    if (code.kind !== 'image') return undefined;
    try {
      if (images === undefined) throw new Error('this server has no image store');
      await images.prepare(code.resolvedUri, { ...scope, digest: code.digest, architecture: configuration.architecture, signal });
    } catch (error) {
      log.warn('An image could not be prepared.', { image: code.resolvedUri, error });
      return { code: imageReason(error), text: `The image ${code.resolvedUri} could not be prepared: ${textOf(error)}` };
    }
    return undefined;
  }

  #ended({ serving, stateReason: _reason, ...record }: VersionRecord, failure: Reason | undefined): VersionRecord {
    const revisionId = this.#options.random.uuid();
    if (failure === undefined) return { ...record, state: 'Active', lastUpdate: { status: 'Successful' }, revisionId };
    // A function that worked goes on with what it had. @source spec 1.2-20
    const works = record.state === 'Active' && record.version === latest;
    const lastUpdate = { status: 'Failed', reason: failure } as const;
    if (works) return { ...record, ...(serving === undefined ? {} : { serving }), lastUpdate, revisionId };
    return { ...record, state: 'Failed', stateReason: failure, lastUpdate, revisionId };
  }
}

/** @source spec 1.3-09 */
const imageReason = (error: unknown): Reason['code'] => {
  if (!(error instanceof RefusedImage)) return 'InvalidImage';
  return error.kind === 'missing' ? 'ImageDeleted' : error.kind === 'denied' ? 'ImageAccessDenied' : 'InvalidImage';
};

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
