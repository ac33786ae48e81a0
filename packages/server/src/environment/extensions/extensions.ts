import type { Clock, Random } from '../../base/index.ts';
import type { Invocation, StopReason } from '../port.ts';
import type { SandboxProcess } from '../../sandbox/index.ts';
import { extensionError, extensionExit, type Failure } from '../failures.ts';
import { Extension, type EventWaiter, type ExtensionEvent } from './extension.ts';

/** Internal and external together. @source spec 3.4-08 */
const maxExtensions = 10;

export interface ExtensionsEvents {
  /** All that were launched have registered: the runtime may start. */
  registered(): void;
  /** Every extension waits for its next event. */
  idle(): void;
  failed(failure: Failure): void;
  /** Each time one begins to wait for the first time, or fails. @source spec 3.5-16 */
  report(extension: Extension, state: string): void;
}

/** The extensions of one environment, from their start to their common end. @source spec 3.4 */
export class Extensions {
  readonly #events: ExtensionsEvents;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #all: Extension[] = [];
  #initialising = true;
  #ended = false;

  constructor(options: { readonly events: ExtensionsEvents; readonly random: Random; readonly clock: Clock }) {
    this.#events = options.events;
    this.#random = options.random;
    this.#clock = options.clock;
  }

  get all(): readonly Extension[] {
    return this.#all;
  }

  /** Whether the environment waits for nobody here. */
  get idle(): boolean {
    for (const { state } of this.#all) if (state !== 'waiting' && state !== 'ended') return false;
    return true;
  }

  /**
   * Starts each of these programs, all at once.
   *
   * @param start  runs one in the box and reads what it writes
   */
  async launch(names: readonly string[], start: (name: string) => Promise<SandboxProcess>): Promise<void> {
    if (names.length > maxExtensions) {
      return this.#fail(
        extensionError('Extension.LaunchError', `Too many extensions: ${names.length}, at most ${maxExtensions}`),
      );
    }
    for (const name of names) this.#all.push(new Extension(name, { external: true }));
    await Promise.all(
      this.#all.map(async (extension) => {
        const process = await start(extension.name);
        extension.process = process;
        void process.exited.then((exit) => {
          const { state, name } = extension;
          // One that said itself what went wrong has ended already.
          if (!extension.on('end')) return;
          // What a shell, and our last step before the program, say of one that cannot be executed.
          const neverRan = state === 'launched' && (exit.exitCode === 126 || exit.exitCode === 127);
          this.#failedOne(
            extension,
            neverRan
              ? extensionError('Extension.LaunchError', `Extension ${name} could not be started`)
              : extensionExit(name, exit),
          );
        });
      }),
    );
  }

  /** @returns the extension, or the text of a refusal */
  register(name: string, events: readonly ExtensionEvent[]): Extension | string {
    if (this.#ended || !this.#initialising) return 'Registration is over';
    let extension = this.#all.find((each) => each.name === name);
    if (extension === undefined) {
      if (this.#all.length >= maxExtensions) return `Too many extensions: at most ${maxExtensions}`;
      // @source spec 3.4-02
      if (events.includes('SHUTDOWN')) return 'An internal extension cannot register for SHUTDOWN';
      extension = new Extension(name, { external: false });
      this.#all.push(extension);
    }
    if (!extension.on('register')) return `Extension ${name} is registered already`;
    extension.id = this.#random.uuid();
    extension.events = new Set(events);
    if (extension.external && this.#all.every(({ external, state }) => !external || state !== 'launched'))
      this.#events.registered();
    return extension;
  }

  byId(id: string | undefined): Extension | undefined {
    return id === undefined || id === '' ? undefined : this.#all.find((extension) => extension.id === id);
  }

  /** @returns false when it is not the time for it */
  next(extension: Extension, waiter: EventWaiter): boolean {
    const first = extension.state === 'registered';
    if (!extension.on('next')) {
      // A second call before an event came takes the place of the first, whose connection may be dead.
      if (extension.state !== 'waiting') return false;
      extension.waiter = waiter;
      return true;
    }
    extension.waiter = waiter;
    if (first) this.#events.report(extension, 'Ready');
    if (extension.lastEvent !== undefined) this.#tell(extension, extension.lastEvent);
    else if (this.idle) this.#events.idle();
    return true;
  }

  /** An extension says itself that it cannot go on. @returns false when it is not the time for it */
  error(extension: Extension, phase: 'init' | 'exit', errorType: string): boolean {
    if (phase === 'init' && extension.state !== 'registered') return false;
    if (!extension.on('end')) return false;
    extension.errorType = errorType;
    const type = phase === 'init' ? 'Extension.InitError' : 'Extension.ExitError';
    this.#failedOne(extension, extensionError(type, `Extension ${extension.name}: ${errorType}`));
    return true;
  }

  /** Nobody may register from now on; those who never asked for an event are told of in the log. */
  initialised(): void {
    this.#initialising = false;
  }

  /** Tells those that want to know of an invocation. @source spec 3.4-05 */
  invoke(invocation: Invocation): void {
    for (const extension of this.#all) {
      if (!extension.events.has('INVOKE')) continue;
      this.#tell(extension, {
        eventType: 'INVOKE',
        deadlineMs: invocation.deadlineMs,
        requestId: invocation.requestId,
        invokedFunctionArn: invocation.invokedArn,
        tracing: { type: 'X-Amzn-Trace-Id', value: invocation.traceId },
      });
    }
  }

  /** How long the environment's end may take. @source spec 3.1-09 */
  get graceMs(): number {
    if (this.#all.some(({ external, state }) => external && state !== 'ended')) return 2000;
    return this.#all.length > 0 ? 500 : 0;
  }

  /** Tells those that want to know of the end; resolves when the external ones have exited. @source spec 3.4-06 */
  async shutdown(reason: StopReason, withinMs: number): Promise<void> {
    const deadlineMs = Math.ceil(this.#clock.now() + withinMs);
    const exits: Promise<unknown>[] = [];
    for (const extension of this.#all) {
      if (extension.process !== undefined && extension.events.has('SHUTDOWN') && extension.state !== 'ended') {
        exits.push(extension.process.exited);
        const event = { eventType: 'SHUTDOWN', shutdownReason: reason, deadlineMs };
        // One that still works on an event hears of it when it asks for the next.
        if (extension.state === 'waiting') this.#tell(extension, event);
        else extension.lastEvent = event;
      }
    }
    await Promise.all(exits);
  }

  /** What they do no longer matters. */
  end(): void {
    this.#ended = true;
    for (const extension of this.#all) extension.on('end');
  }

  #tell(extension: Extension, event: object): void {
    const { waiter } = extension;
    if (!extension.on('event')) return;
    extension.waiter = undefined;
    waiter?.(event, this.#random.uuid());
  }

  #failedOne(extension: Extension, failure: Failure): void {
    this.#events.report(extension, failure.errorType);
    this.#fail(failure);
  }

  #fail(failure: Failure): void {
    if (this.#ended) return;
    this.#events.failed(failure);
  }
}
