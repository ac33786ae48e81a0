import { ServiceFault } from '@mayfly/wire';
import type { Logger } from '../../base/index.ts';
import { writeCodeSignature } from './code-signature.ts';
import { keyOf, type SignerDesk } from './desk.ts';
import { expiryOf } from './platforms.ts';
import type { SignerPorts } from './port.ts';
import type { Job } from './records.ts';

/** AWS shows jobs for so long. @source AWS Signer API Reference, StartSigningJob, read 2026-11 */
const keptMs = 2 * 365 * 86_400_000;

/**
 * Signs what was asked for, one object after another, in the order of the asking. A job is on storage before it is
 * answered for, and one that a stop cut short is begun again: its object has the same name then.
 */
export class Jobs implements AsyncDisposable {
  readonly #desk: SignerDesk;
  readonly #ports: SignerPorts;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  #last: Promise<void> = Promise.resolve();

  private constructor(desk: SignerDesk, ports: SignerPorts, log: Logger) {
    this.#desk = desk;
    this.#ports = ports;
    this.#log = log;
  }

  static async open(desk: SignerDesk, ports: SignerPorts, log: Logger): Promise<Jobs> {
    const { records, clock } = desk;
    const jobs = new Jobs(desk, ports, log);
    const oldest = clock.now() - keptMs;
    const all = [...records.all('job')];
    // A signature that was taken back stays so.
    const old = all.filter(({ value }) => value.createdAtMs < oldest && value.revoked === undefined);
    const gone = new Set(old.map(({ name }) => name));
    if (gone.size > 0) {
      const tokens = [...records.all('token')].filter(({ value }) => gone.has(value.jobId));
      const invoked = [...records.all('invoked')].filter(({ name }) => gone.has(name));
      await records.change((draft) => {
        for (const { scope, name } of old) draft.delete('job', scope, name);
        for (const { scope, name } of tokens) draft.delete('token', scope, name);
        for (const { scope, name } of invoked) draft.delete('invoked', scope, name);
      });
    }
    const left = all.filter(({ value }) => value.status === 'InProgress' && !gone.has(value.id));
    for (const { scope, value } of left.sort((a, b) => a.value.createdAtMs - b.value.createdAtMs)) jobs.begin(scope, value);
    return jobs;
  }

  begin(scope: string, job: Job): void {
    this.#last = this.#last.then(() => this.#run(scope, job));
  }

  /** What is under way is left for the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#last;
  }

  async #run(scope: string, job: Job): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted) return;
    try {
      await this.#end(scope, job, await this.#sign(scope, job, signal));
    } catch (error) {
      if (signal.aborted) return;
      const statusReason =
        error instanceof ServiceFault ? `${error.code}: ${error.message}` : 'The object could not be signed by this server.';
      if (!(error instanceof ServiceFault)) this.#log.error('An object could not be signed.', { job: job.arn, error });
      await this.#end(scope, job, { status: 'Failed', statusReason }).catch((cause: unknown) =>
        this.#log.error('The end of a signing job could not be noted.', { job: job.arn, error: cause }),
      );
    }
  }

  async #sign(scope: string, job: Job, signal: AbortSignal): Promise<Partial<Job>> {
    const { records, clock } = this.#desk;
    const { buckets, archives } = this.#ports;
    const profile = records.get('profile', scope, job.profileName);
    const version = profile?.versions.find((each) => each.version === job.profileVersion);
    if (job.object === undefined || profile === undefined || version === undefined)
      throw new Error(`A signing job without an object or a profile: ${job.arn}`);
    const { source, destination } = job.object;
    const key = keyOf(this.#desk, version);
    const signedAtMs = clock.now();
    const expiresAtMs = expiryOf(profile.validity, signedAtMs);
    const said = { profileVersionArn: version.arn, jobArn: job.arn, signedAtMs, expiresAtMs };
    const { body } = await buckets.get(source.bucket, source.key, source.version);
    await using sealed = await archives.seal(body, {
      sign: (manifestSha256) => writeCodeSignature({ manifestSha256, ...said }, key),
    });
    signal.throwIfAborted();
    await buckets.put(destination.bucket, destination.key, sealed.body, { contentType: 'application/zip' });
    return { status: 'Succeeded', statusReason: 'Signing Succeeded', expiresAtMs };
  }

  #end(scope: string, { id }: Job, how: Partial<Job>): Promise<void> {
    const { records, clock } = this.#desk;
    return records.change((draft) => {
      const job = draft.get('job', scope, id);
      if (job !== undefined) draft.put('job', scope, id, { ...job, ...how, completedAtMs: clock.now() });
    });
  }
}
