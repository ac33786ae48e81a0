import type { SandboxProcess } from '../../sandbox/index.ts';

export type ExtensionEvent = 'INVOKE' | 'SHUTDOWN';

/**
 * `launched → registered → waiting ⇄ working → ended`; an internal one begins with its registration.
 */
export type ExtensionState = 'launched' | 'registered' | 'waiting' | 'working' | 'ended';
export type ExtensionSignal = 'register' | 'next' | 'event' | 'end';

const transitions: Readonly<Record<ExtensionState, Partial<Record<ExtensionSignal, ExtensionState>>>> = {
  launched: { register: 'registered', end: 'ended' },
  registered: { next: 'waiting', end: 'ended' },
  waiting: { event: 'working', end: 'ended' },
  working: { next: 'waiting', end: 'ended' },
  ended: {},
};

/** An extension's open call of `event/next`. @returns false when nobody is there any more */
export type EventWaiter = (event: object, eventId: string) => boolean;

/** One extension of one environment. What its table does not write is refused. @source spec 3.4 */
export class Extension {
  readonly name: string;
  /** Started by us from `/opt/extensions`, or living in the runtime's process. */
  readonly external: boolean;
  /** Known from its registration on. */
  id = '';
  events: ReadonlySet<ExtensionEvent> = new Set();
  process: SandboxProcess | undefined;
  waiter: EventWaiter | undefined;
  /** SHUTDOWN came while it was at work; it hears of it at its next call. */
  lastEvent: object | undefined;
  /** It said itself what went wrong. */
  errorType: string | undefined;
  /** Names this extension to one of the two log interfaces, never both. @source spec 3.5-07 */
  subscription: 'telemetry' | 'logs' | undefined;
  #state: ExtensionState;

  constructor(name: string, options: { readonly external: boolean }) {
    this.name = name;
    this.external = options.external;
    this.#state = 'launched';
  }

  get state(): ExtensionState {
    return this.#state;
  }

  /** @returns false when it is not the time for it */
  on(signal: ExtensionSignal): boolean {
    const next = transitions[this.#state][signal];
    if (next === undefined) return false;
    this.#state = next;
    return true;
  }
}
