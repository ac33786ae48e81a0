import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Lambda } from '@aws-sdk/client-lambda';
import { answerOf, Eavesdropper, plain } from './answer.ts';
import { Matcher, type Difference } from './match.ts';

export interface Recording {
  /** `25-11-2025, ` */
  readonly recorded: string;
  readonly answers: Readonly<Record<string, unknown>>;
}

export type Answer = Record<string, unknown>;

/** Thrown by a scenario that this machine cannot play, with the reason. */
export class NotHere extends Error {}

/** Plays one recorded scenario again. @throws NotHere */
export type Scenario = (stage: Stage) => Promise<void>;
export type Scenarios = Readonly<Record<string, Scenario>>;

const folder = path.join(import.meta.dirname, '../recorded');

/** Every recorded scenario, by its name. */
export function recordings(): ReadonlyMap<string, Recording> {
  const all = new Map<string, Recording>();
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()) {
    const scenarios = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Record<string, Recording>;
    for (const [name, recording] of Object.entries(scenarios)) {
      if (all.has(name)) throw new Error(`Two recordings are called ${name}.`);
      all.set(name, recording);
    }
  }
  return all;
}

/** What a scenario acts on: one server, a region of its own, and the recording it is compared with. */
export class Stage implements Disposable {
  readonly api: Lambda;
  readonly origin: string;
  readonly account = '111111111111';
  readonly region: string;
  readonly differences: (Difference & { readonly answer: string })[] = [];
  readonly #recording: Recording;
  readonly #matcher: Matcher;
  readonly #ear = new Eavesdropper();
  readonly #compared = new Set<string>();
  readonly #alsoOpen: { destroy(): void }[] = [];

  constructor(options: { readonly origin: string; readonly region: string; readonly recording: Recording }) {
    this.origin = options.origin;
    this.region = options.region;
    this.#recording = options.recording;
    this.#matcher = new Matcher(options.recording.recorded.slice(0, 10).split('-').reverse().join('-'));
    this.api = new Lambda({ ...this.settings, requestHandler: this.#ear });
  }

  /** How a client of any service reaches this stage. */
  get settings(): {
    endpoint: string;
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
    maxAttempts: number;
  } {
    return {
      endpoint: this.origin,
      region: this.region,
      credentials: { accessKeyId: this.account, secretAccessKey: 'x' },
      maxAttempts: 1,
    };
  }

  /** A neighbour's client, closed with the stage. */
  neighbour<T extends { destroy(): void }>(client: T): T {
    this.#alsoOpen.push(client);
    return client;
  }

  arn(name: string): string {
    return `arn:aws:lambda:${this.region}:${this.account}:${name}`;
  }

  /** Every answer that was recorded, by its name. */
  get answers(): Recording['answers'] {
    return this.#recording.answers;
  }

  /** An answer as it was recorded: what was asked can often be read from it. */
  recorded(name: string): Answer {
    return plain(this.#recording.answers[name]) as Answer;
  }

  /** The answer as boto3 shows it, errors included. One call at a time. */
  answer(call: Promise<object>): Promise<Answer> {
    return answerOf(this.#ear, call);
  }

  /** Compares an answer with the recorded one of this name. */
  match(name: string, answer: unknown): void {
    this.#compared.add(name);
    const recorded = this.#recording.answers[name];
    if (recorded === undefined) throw new Error(`The recording has no answer ${name}.`);
    const { Error: refusal } = (answer ?? {}) as { Error?: unknown };
    if (refusal !== undefined && (recorded as Answer)['Error'] === undefined) {
      this.differences.push({ answer: name, at: 'Error', recorded: undefined, ours: refusal });
      return;
    }
    for (const difference of this.#matcher.differences(plain(recorded), plain(answer)))
      this.differences.push({ answer: name, ...difference });
  }

  /** Members whose values are this server's own, such as addresses. */
  apart(...names: readonly string[]): void {
    for (const name of names) this.#matcher.apart.add(name);
  }

  /** Waits for an answer and compares it. */
  async check(name: string, call: Promise<object>): Promise<Answer> {
    const answer = await this.answer(call);
    this.match(name, answer);
    return answer;
  }

  /** Where nothing was recorded but that it works. */
  same(what: string, ours: unknown, expected: unknown): void {
    if (JSON.stringify(ours) !== JSON.stringify(expected))
      this.differences.push({ answer: what, at: '', recorded: expected, ours });
  }

  /** Recorded answers that the scenario did not look at. */
  get left(): readonly string[] {
    return Object.keys(this.#recording.answers).filter((name) => !this.#compared.has(name));
  }

  [Symbol.dispose](): void {
    this.api.destroy();
    for (const client of this.#alsoOpen) client.destroy();
  }
}
