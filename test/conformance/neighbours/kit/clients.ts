import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Answer } from '../../kit/stage.ts';

export interface Credentials {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
}

export interface Call {
  readonly service: string;
  /** Other than the one the client prefers: `query`; `plain`: S3 without the encoding that boto3 asks for by itself. */
  readonly protocol?: string | undefined;
  readonly region: string;
  readonly account: string;
  readonly operation: string;
  readonly input: object;
  /** Of a session, where it is not the account itself that calls. */
  readonly credentials?: Credentials | undefined;
}

/** An interpreter that has boto3, which is what the recordings were made with. */
export const python = ['python3', '/usr/bin/python3'].find((each) => spawnSync(each, ['-c', 'import boto3']).status === 0);

/** boto3 in a process of its own. Disposing ends it. */
export class Clients implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;
  readonly #waiting = new Map<number, PromiseWithResolvers<Answer>>();
  #calls = 0;

  private constructor(origin: string) {
    const env = { ...process.env, AWS_EC2_METADATA_DISABLED: 'true' };
    this.#child = spawn(python ?? '', [path.join(import.meta.dirname, 'clients.py'), origin], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env,
    });
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#lines.on('line', (line) => this.#heard(line));
    this.#child.once('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('boto3 has ended'));
    });
  }

  static async start(origin: string): Promise<Clients> {
    const clients = new Clients(origin);
    await once(clients.#lines, 'line');
    return clients;
  }

  /** The answer as boto3 shows it; one that refuses is an answer, too. */
  call(call: Call): Promise<Answer> {
    const id = (this.#calls += 1);
    const waiting = Promise.withResolvers<Answer>();
    this.#waiting.set(id, waiting);
    this.#child.stdin.write(`${JSON.stringify({ ...call, id, input: sent(call.input) })}\n`);
    return waiting.promise;
  }

  #heard(line: string): void {
    const { id = 0, answer, failed } = JSON.parse(line) as { id?: number; answer?: Answer; failed?: string };
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (answer === undefined) waiting?.reject(new Error(failed));
    else waiting?.resolve(answer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill();
    await closed;
  }
}

/** JSON has neither bytes nor dates. */
function sent(value: unknown): unknown {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  if (value instanceof Date) return { $date: value.getTime() };
  if (Array.isArray(value)) return value.map(sent);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, sent(each)]));
}
