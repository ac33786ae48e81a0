import type { Socket } from 'node:net';
import type { Clock } from '../base/index.ts';
import type { SandboxProcess } from '../sandbox/index.ts';
import { Lines } from './lines.ts';

/** After its process is dead, how long what it wrote is waited for. Somebody outside may hold the pipe's end. */
const lastWordsMs = 250;

/** Makes events of a log out of bytes. */
export interface Cutter {
  push(chunk: Buffer): void;
  /** What was begun and is not ended is an event, too. */
  flush(): void;
}

/** Reads what a process writes into one of its pipes, from now on. */
export class Output {
  readonly #pipe: Socket;
  readonly #cutter: Cutter;
  readonly #ended: Promise<void>;

  /** @param takes  whether so many bytes are to be cut into events; otherwise they are dropped */
  constructor(pipe: Socket, cutter: Cutter, takes: (bytes: number) => boolean = () => true) {
    this.#pipe = pipe;
    this.#cutter = cutter;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ended = promise;
    pipe.on('data', (chunk: Buffer) => (takes(chunk.length) ? cutter.push(chunk) : cutter.flush()));
    pipe.on('error', () => {});
    pipe.on('close', resolve);
    pipe.on('end', resolve);
    if (pipe.readableEnded || pipe.destroyed) resolve();
  }

  /** A line begun before the answer belongs to the invocation that ends. */
  flush(): void {
    this.#cutter.flush();
  }

  /** Its process is dead: takes the rest, and lets the pipe go. */
  async finish(clock: Clock): Promise<void> {
    const late = Promise.withResolvers<void>();
    using _timer = clock.after(lastWordsMs, late.resolve);
    await Promise.race([this.#ended, late.promise]);
    this.#cutter.flush();
    this.#pipe.destroy();
  }
}

/** What a process without a function said before it failed: for the operator's log. */
export async function lastWords(process: SandboxProcess, clock: Clock): Promise<string> {
  const lines: string[] = [];
  const output = new Output(process.output, new Lines((line) => void (lines.length < 20 && lines.push(line.slice(0, 500)))));
  await output.finish(clock);
  return lines.length === 0 ? 'nothing' : lines.join('\n');
}

/**
 * A turn of the event loop. What a runtime wrote before its last call is in the pipe when the call arrives,
 * so after one turn it has been read.
 */
export const oneTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
