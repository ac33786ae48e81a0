import type { Clock } from '../base/index.ts';
import type { SandboxProcess } from '../sandbox/index.ts';
import { Lines } from './lines.ts';

/** After its process is dead, how long what it wrote is waited for. Somebody outside may hold the pipe's end. */
const lastWordsMs = 250;

/** Reads what a process writes, from now on, line by line. */
export class Output {
  readonly #process: SandboxProcess;
  readonly #lines: Lines;
  readonly #ended: Promise<void>;

  /** @param takes  whether so many bytes are to be cut into lines; otherwise they are dropped */
  constructor(process: SandboxProcess, onLine: (line: string) => void, takes: (bytes: number) => boolean = () => true) {
    this.#process = process;
    this.#lines = new Lines(onLine);
    const { output } = process;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ended = promise;
    output.on('data', (chunk: Buffer) => (takes(chunk.length) ? this.#lines.push(chunk) : this.#lines.flush()));
    output.on('error', () => {});
    output.on('close', resolve);
    output.on('end', resolve);
    if (output.readableEnded || output.destroyed) resolve();
  }

  /** A line begun before the answer belongs to the invocation that ends. */
  flush(): void {
    this.#lines.flush();
  }

  /** Its process is dead: takes the rest, and lets the pipe go. */
  async finish(clock: Clock): Promise<void> {
    const late = Promise.withResolvers<void>();
    using _timer = clock.after(lastWordsMs, late.resolve);
    await Promise.race([this.#ended, late.promise]);
    this.#lines.flush();
    this.#process.output.destroy();
  }
}

/** What a process without a function said before it failed: for the operator's log. */
export async function lastWords(process: SandboxProcess, clock: Clock): Promise<string> {
  const lines: string[] = [];
  const output = new Output(process, (line) => void (lines.length < 20 && lines.push(line.slice(0, 500))));
  await output.finish(clock);
  return lines.length === 0 ? 'nothing' : lines.join('\n');
}

/**
 * A turn of the event loop. What a runtime wrote before its last call is in the pipe when the call arrives,
 * so after one turn it has been read.
 */
export const oneTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
