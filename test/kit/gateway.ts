import { request as httpRequest } from 'node:http';
import type { ServiceFault } from '@mayfly/wire';
import { AwsDoor, GatewayDoor, gatewayPrefix, listen, type HandlerTables } from '../../packages/server/src/api/index.ts';
import {
  awsLimits,
  silentLogger,
  systemClock,
  systemRandom,
  type Clock,
  type LogStreamName,
} from '../../packages/server/src/base/index.ts';
import type { InvokeRequest, Outcome } from '../../packages/server/src/invoke/index.ts';
import { openApiGateway, openApiGatewayV2, outward, outwardHttp } from '../../packages/server/src/services/index.ts';
import { PlainDatabase } from './plain-database.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- events are what the tests are about
export type Handler = (event: any, request: InvokeRequest) => unknown;

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** Of a body in JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever the test's function put into it
  json(): any;
}

/** API Gateway behind a door with real sockets; functions are functions of the test. */
export async function openGateway(
  options: {
    readonly file?: string;
    readonly clock?: Clock;
    /** What a function's policy says to the gateway. */
    readonly admit?: (sourceArn: string, functionArn: string) => ServiceFault | undefined;
  } = {},
) {
  const stack = new AsyncDisposableStack();
  const clock = options.clock ?? systemClock;
  const database = stack.use(new PlainDatabase(options.file));
  let origin = '';
  const random = systemRandom;
  const v2 = stack.use(
    await openApiGatewayV2({ database, clock, random, endpointOf: (apiId) => `${origin}${gatewayPrefix}${apiId}` }),
  );
  const v1 = stack.use(
    await openApiGateway({ database, clock, random, isTaken: (domain) => v2.apis.domain(domain) !== undefined }),
  );
  const functions = new Map<string, Handler>();
  const calls: InvokeRequest[] = [];
  /** Those that nobody waited for. */
  const events: InvokeRequest[] = [];
  const lines: { readonly stream: LogStreamName; readonly message: string }[] = [];
  const tables: Partial<Record<string, () => Promise<object>>> = {
    apigatewayv2: () => v2.handlers(),
    apigateway: () => v1.handlers(),
  };
  const handlers = new Proxy({} as HandlerTables, { get: (_t, name) => tables[String(name)] ?? (() => Promise.resolve({})) });
  const shared = { clock, random, log: silentLogger };
  const gateway = new GatewayDoor({
    ...shared,
    limits: awsLimits,
    httpApis: v2.apis,
    restApis: v1.apis,
    logs: { append: (stream, { message }) => void lines.push({ stream, message }) },
    http: outwardHttp({ outward: outward(['localhost']) }),
    ...(options.admit === undefined
      ? {}
      : {
          admit({ sourceArn }, functionArn) {
            const fault = options.admit?.(sourceArn, functionArn);
            if (fault !== undefined) throw fault;
          },
        }),
    invoker: {
      async invoke(request) {
        calls.push(request);
        const handler = functions.get(request.functionName);
        if (handler === undefined) throw new Error(`The test has no function ${request.functionName}.`);
        const event = JSON.parse(Buffer.from(request.payload).toString('utf8')) as object;
        let outcome: Outcome;
        try {
          outcome = { kind: 'returned', body: Buffer.from(JSON.stringify((await handler(event, request)) ?? null)) };
        } catch (error) {
          const body = JSON.stringify({ errorMessage: (error as Error).message, errorType: 'Error' });
          outcome = { kind: 'threw', errorType: 'Error', body: Buffer.from(body) };
        }
        return { outcome, executedVersion: '$LATEST' };
      },
      enqueue: (request) => Promise.resolve(void events.push(request)),
    },
  });
  const listener = stack.use(
    await listen({
      ...shared,
      host: '127.0.0.1',
      port: 0,
      hostNames: [],
      admin: { metrics: () => '', status: () => Promise.resolve({}) },
      aws: new AwsDoor({ handlers, limits: awsLimits, log: silentLogger, region: 'us-east-1' }),
      gateway,
    }),
  );
  ({ origin } = listener);
  return {
    origin,
    client: {
      endpoint: origin,
      region: 'us-east-1',
      maxAttempts: 1,
      credentials: { accessKeyId: '000000000000', secretAccessKey: 'secret' },
    },
    functions,
    calls,
    events,
    /** What was written of requests. */
    lines,
    /** By an API's own name. */
    ask: (apiId: string, target: string, init: Omit<Init, 'headers'> & { readonly headers?: Headers } = {}) =>
      ask(listener.port, target, {
        ...init,
        headers: { Host: `${apiId}.execute-api.us-east-1.localhost:${listener.port}`, ...init.headers },
      }),
    /** By whatever name. */
    askAs: (target: string, init: Init = {}) => ask(listener.port, target, init),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

type Headers = Readonly<Record<string, string | readonly string[]>>;
interface Init {
  readonly method?: string;
  readonly headers?: Headers;
  readonly body?: string | Uint8Array;
}

/** `fetch` sets headers of its own and refuses to send a Host. */
const ask = (port: number, path: string, { method = 'GET', headers = {}, body = '' }: Init): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const sent = { port, host: '127.0.0.1', method, path, headers: headers as Record<string, string | string[]>, agent: false };
    const asked = httpRequest(sent, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text, json: () => JSON.parse(text) as unknown }),
      );
      answer.once('error', reject);
    });
    asked.once('error', reject).end(body);
  });

export const functionArn = (name: string): string => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
