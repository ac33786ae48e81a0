import type { Clock } from '../../../base/index.ts';
import type { Blobs, Upload } from '../blobs.ts';
import { scopeOfRepository, type Home } from '../records.ts';
import { DistributionFault, unknownUpload } from './answers.ts';

/** Each has an open file. */
const mostUploads = 256;
/** For a client to come back after a cut. */
const idleMs = 3_600_000;

interface Session {
  readonly scope: string;
  readonly upload: Upload;
  touchedAt: number;
  busy: boolean;
}

/** Uploads between their POST and their PUT. */
export class Uploads implements AsyncDisposable {
  readonly #blobs: Blobs;
  readonly #clock: Clock;
  readonly #sessions = new Map<string, Session>();

  constructor(blobs: Blobs, clock: Clock) {
    this.#blobs = blobs;
    this.#clock = clock;
  }

  async begin(home: Home, repository: string): Promise<Upload> {
    await this.#thin();
    if (this.#sessions.size >= mostUploads)
      throw new DistributionFault(429, 'TOOMANYREQUESTS', `There may be ${mostUploads} uploads at once.`);
    const upload = await this.#blobs.begin();
    this.#sessions.set(upload.id, {
      scope: scopeOfRepository(home, repository),
      upload,
      touchedAt: this.#clock.now(),
      busy: false,
    });
    return upload;
  }

  find(home: Home, repository: string, id: string): Upload {
    return this.#session(home, repository, id).upload;
  }

  /** One request at a time works on an upload. */
  async during<T>(home: Home, repository: string, id: string, work: (upload: Upload) => Promise<T>): Promise<T> {
    const session = this.#session(home, repository, id);
    if (session.busy) throw new DistributionFault(400, 'BLOB_UPLOAD_INVALID', 'Another request is working on this upload.');
    session.busy = true;
    try {
      return await work(session.upload);
    } finally {
      session.busy = false;
      session.touchedAt = this.#clock.now();
    }
  }

  /** It has become a blob, or nothing. */
  forget(id: string): void {
    this.#sessions.delete(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#sessions.values()].map(({ upload }) => upload.cancel()));
    this.#sessions.clear();
  }

  #session(home: Home, repository: string, id: string): Session {
    const session = this.#sessions.get(id);
    if (session === undefined || session.scope !== scopeOfRepository(home, repository)) throw unknownUpload();
    return session;
  }

  async #thin(): Promise<void> {
    const before = this.#clock.now() - idleMs;
    for (const [id, session] of this.#sessions) {
      if (session.busy || session.touchedAt > before) continue;
      this.#sessions.delete(id);
      await session.upload.cancel();
    }
  }
}
