import type { Extensions } from '../extensions/extensions.ts';
import { send, type InsideHandler } from '../transport/runtime-api.ts';

/** The Telemetry API and its older sister, the Logs API. @source spec 3.5 */
export class Telemetry {
  /** A new crew begins: nobody is subscribed. */
  begin(): void {}

  handler(_extensions: Extensions): (path: string) => InsideHandler | undefined {
    return (path) => {
      // @source spec 3.5-05: what an emulator without the stream answers
      if (path === '/2022-07-01/telemetry') return (_request, response) => notSupported(response, 'Telemetry');
      if (path === '/2020-08-15/logs') return (_request, response) => notSupported(response, 'Logs');
      return undefined;
    };
  }

  end(): Promise<void> {
    return Promise.resolve();
  }
}

const notSupported = (response: Parameters<typeof send>[0], name: string): void =>
  send(response, 202, JSON.stringify({ errorMessage: `${name} API is not supported`, errorType: `${name}.NotSupported` }));
