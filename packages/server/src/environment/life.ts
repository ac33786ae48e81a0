import type { Phase } from './port.ts';

export type LifeSignal = 'ready' | 'take' | 'answer' | 'stop' | 'exit';

const transitions: Readonly<Record<Phase, Partial<Record<LifeSignal, Phase>>>> = {
  starting: { ready: 'idle', stop: 'stopping', exit: 'gone' },
  idle: { take: 'busy', stop: 'stopping', exit: 'gone' },
  busy: { answer: 'idle', stop: 'stopping', exit: 'gone' },
  stopping: { exit: 'gone' },
  gone: {},
};

/** Where an environment stands. What the table does not write is not allowed. */
export class Life {
  #phase: Phase = 'starting';

  get phase(): Phase {
    return this.#phase;
  }

  may(signal: LifeSignal): boolean {
    return transitions[this.#phase][signal] !== undefined;
  }

  /** @throws Error code `ENVIRONMENT_NOT_IDLE` when the phase has no such way out */
  on(signal: LifeSignal): void {
    const next = transitions[this.#phase][signal];
    if (next === undefined) {
      throw Object.assign(new Error(`The environment is ${this.#phase}; it cannot ${signal}.`), { code: 'ENVIRONMENT_NOT_IDLE' });
    }
    this.#phase = next;
  }
}
