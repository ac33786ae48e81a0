import { readFileSync } from 'node:fs';
import path from 'node:path';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { answerOf, Eavesdropper } from './answer.ts';
import { Matcher, type Difference } from './match.ts';

export interface Recording {
  readonly answers: Readonly<Record<string, unknown>>;
}

/** Recorded scenarios of one file of `recorded/`, by name. */
export const recordings = (file: string): Readonly<Record<string, Recording>> =>
  JSON.parse(readFileSync(path.join(import.meta.dirname, '../recorded', `${file}.json`), 'utf8')) as Record<string, Recording>;

type Command = Parameters<LambdaClient['send']>[0];

/** What a scenario acts on: one server, one account of its own, and the recording it is compared with. */
export class Stage {
  readonly client: LambdaClient;
  readonly account = '111111111111';
  readonly region: string;
  readonly differences: (Difference & { readonly answer: string })[] = [];
  readonly #recording: Recording;
  readonly #matcher = new Matcher();
  readonly #ear = new Eavesdropper();
  readonly #compared = new Set<string>();

  constructor(options: { readonly origin: string; readonly region: string; readonly recording: Recording }) {
    this.region = options.region;
    this.#recording = options.recording;
    this.client = new LambdaClient({
      endpoint: options.origin,
      region: options.region,
      credentials: { accessKeyId: this.account, secretAccessKey: 'x' },
      maxAttempts: 1,
      requestHandler: this.#ear,
    });
  }

  /** Sends a command and gives the answer as boto3 shows it, errors included. */
  call(command: Command): Promise<Record<string, unknown>> {
    return answerOf(this.#ear, this.client.send(command as never));
  }

  /** Compares an answer with the recorded one of this name. */
  match(name: string, answer: unknown): void {
    this.#compared.add(name);
    const recorded = this.#recording.answers[name];
    if (recorded === undefined) throw new Error(`The recording has no answer ${name}.`);
    for (const difference of this.#matcher.differences(recorded, answer)) this.differences.push({ answer: name, ...difference });
  }

  /** Sends and compares. */
  async check(name: string, command: Command): Promise<Record<string, unknown>> {
    const answer = await this.call(command);
    this.match(name, answer);
    return answer;
  }

  /** Recorded answers that the scenario did not look at. */
  get left(): readonly string[] {
    return Object.keys(this.#recording.answers).filter((name) => !this.#compared.has(name));
  }
}
