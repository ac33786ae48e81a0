import { InsideClient, type InsideAnswer } from './scripted-runtimes.ts';
import type { Program, ScriptedProcess } from './scripted-sandboxes.ts';

const api = '/2020-01-01/extension';

/** The calls of an extension, with its identifier in hand. */
export class ExtensionClient {
  readonly client: InsideClient;
  readonly process: ScriptedProcess;
  id = '';

  constructor(process: ScriptedProcess) {
    this.process = process;
    this.client = new InsideClient(process);
  }

  async register(
    name: string,
    events: readonly string[] | undefined,
    headers: Record<string, string> = {},
  ): Promise<InsideAnswer> {
    const body = events === undefined ? '' : JSON.stringify({ events });
    const answer = await this.client.call('POST', `${api}/register`, body, { 'Lambda-Extension-Name': name, ...headers });
    this.id = String(answer.headers['lambda-extension-identifier'] ?? '');
    return answer;
  }

  next(): Promise<InsideAnswer> {
    return this.client.call('GET', `${api}/event/next`, undefined, { 'Lambda-Extension-Identifier': this.id });
  }

  error(phase: 'init' | 'exit', errorType = 'Extension.Broken'): Promise<InsideAnswer> {
    return this.client.call('POST', `${api}/${phase}/error`, '{}', {
      'Lambda-Extension-Identifier': this.id,
      'Lambda-Extension-Function-Error-Type': errorType,
    });
  }

  subscribe(path: string, body: object): Promise<InsideAnswer> {
    return this.client.call('PUT', path, JSON.stringify(body), { 'Lambda-Extension-Identifier': this.id });
  }
}

export interface ExtensionScript {
  readonly events?: readonly string[];
  /** After the registration, before the first `next`. */
  readonly init?: (extension: ExtensionClient) => Promise<unknown>;
  readonly onEvent?: (event: Readonly<Record<string, unknown>>, extension: ExtensionClient) => Promise<unknown>;
}

/** An external extension; its name is its file's. */
export const scriptedExtension =
  (script: ExtensionScript = {}): Program =>
  async (process) => {
    const extension = new ExtensionClient(process);
    await extension.register(process.command[0]?.split('/').at(-1) ?? '', script.events ?? ['INVOKE', 'SHUTDOWN']);
    await script.init?.(extension);
    for (;;) {
      const event = JSON.parse((await extension.next()).body) as Record<string, unknown>;
      await script.onEvent?.(event, extension);
      if (event['eventType'] === 'SHUTDOWN') return;
    }
  };
