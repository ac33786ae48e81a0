import { setTimeout as pause } from 'node:timers/promises';
import type { Answer, Stage } from '../../kit/stage.ts';
import type { Clients, Credentials } from './clients.ts';

/** Plays one recorded scenario again. */
export type Scenario = (scene: Scene) => Promise<void>;
export type Scenarios = Readonly<Record<string, Scenario>>;

/** Where a scenario calls a service other than where it plays, and how. */
export interface ServiceOptions {
  readonly protocol?: string | undefined;
  readonly region?: string;
  readonly account?: string;
  readonly credentials?: Credentials;
}

/** One service as a scenario calls it. */
export class Service {
  readonly #scene: Scene;
  readonly #settings: { readonly service: string; readonly region: string; readonly account: string } & ServiceOptions;

  constructor(scene: Scene, service: string, options: ServiceOptions = {}) {
    this.#scene = scene;
    this.#settings = { service, region: scene.region, account: scene.account, ...options };
  }

  /** An answer as boto3 shows it, refusals included. */
  call(operation: string, input: object = {}): Promise<Answer> {
    return this.#scene.clients.call({ ...this.#settings, operation, input });
  }

  /** An answer that must not be a refusal. */
  async ok(operation: string, input: object = {}): Promise<Answer> {
    const answer = await this.call(operation, input);
    if (answer['Error'] !== undefined) throw new Error(`${operation}: ${JSON.stringify(answer['Error'])}`);
    return answer;
  }

  /** Compares an answer with the recorded one of this name. */
  async check(name: string, operation: string, input: object = {}): Promise<Answer> {
    const answer = await this.call(operation, input);
    this.#scene.match(name, answer);
    return answer;
  }

  /** Asks until the answer is as wanted. The scenario's own time limit bounds it. */
  async until(operation: string, input: object, isThere: (answer: Answer) => boolean): Promise<Answer> {
    for (;;) {
      const answer = await this.call(operation, input);
      if (isThere(answer)) return answer;
      await pause(20);
    }
  }
}

/** What a scenario acts on: a stage, and the neighbours by the clients they were recorded with. */
export class Scene {
  readonly stage: Stage;
  readonly clients: Clients;
  readonly account: string;
  readonly region: string;

  constructor(stage: Stage, clients: Clients) {
    this.stage = stage;
    this.clients = clients;
    this.account = stage.account;
    this.region = stage.region;
  }

  service(name: string, options: ServiceOptions = {}): Service {
    return new Service(this, name, options);
  }

  arn(service: string, name: string): string {
    return `arn:aws:${service}:${this.region}:${this.account}:${name}`;
  }

  match(name: string, answer: unknown): void {
    this.stage.match(name, answer);
  }

  recorded(name: string): Answer {
    return this.stage.recorded(name);
  }
}

/** One scenario in several forms: `title[sqs]`, `title[sqs_query]`. */
export const each = <T>(title: string, cases: Readonly<Record<string, T>>, scenario: (value: T) => Scenario): Scenarios =>
  Object.fromEntries(Object.entries(cases).map(([name, value]) => [`${title}[${name}]`, scenario(value)]));
