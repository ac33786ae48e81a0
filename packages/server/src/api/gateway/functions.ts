import { ServiceFault } from '@mayfly/wire';
import type { AccountId, Clock, Limits, Region, RequestId } from '../../base/index.ts';
import { buffered, type Invoker } from '../../invoke/index.ts';
import type { Sender } from '../../services/index.ts';

/** How calling a function for a request came out. */
export type Called =
  | { readonly kind: 'returned'; readonly body: Uint8Array }
  | { readonly kind: 'failed'; readonly body: Uint8Array }
  | { readonly kind: 'timedOut' }
  | { readonly kind: 'refused'; readonly fault: ServiceFault };

export interface FunctionsOptions {
  readonly invoker: Invoker;
  readonly limits: Limits;
  readonly clock: Clock;
  /** Whether a function lets the gateway in. Absent = everybody is. @throws ServiceFault */
  readonly admit?: (from: Sender, functionArn: string) => void;
}

export interface FunctionCall {
  /** ARN of a function, or the path that REST APIs write around it. */
  readonly uri: string;
  readonly event: object;
  /** `arn:aws:execute-api:…`: which route, or which authorizer. */
  readonly sourceArn: string;
  readonly account: string;
  readonly credentialsArn?: string | undefined;
  readonly variables: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly requestId: string;
  readonly traceId: string;
  /** Nobody waits for its answer: it is accepted, and called when it can be. */
  readonly asynchronous?: boolean;
}

/** Functions behind APIs and authorizers. */
export class Functions {
  readonly #options: FunctionsOptions;

  constructor(options: FunctionsOptions) {
    this.#options = options;
  }

  /** Rejects for what is our fault alone. A handler that takes too long goes on; nobody waits for it. */
  async call(call: FunctionCall): Promise<Called> {
    const arn = functionArnIn(call.uri, call.variables);
    if (arn === undefined)
      return { kind: 'refused', fault: new ServiceFault('InvalidArn', `This names no function: ${call.uri}`, { status: 400 }) };
    const { promise: passed, resolve } = Promise.withResolvers<Called>();
    using _timer = this.#options.clock.after(call.timeoutMs, () => resolve({ kind: 'timedOut' }));
    const invoked = this.#invoke(arn, call);
    // Its failure is told by the race; after the deadline nobody asks.
    invoked.catch(() => undefined);
    return await Promise.race([invoked, passed]);
  }

  async #invoke(arn: string, call: FunctionCall): Promise<Called> {
    const { invoker, limits, admit } = this.#options;
    const [, , , region = '', account = '', , functionName = '', qualifier] = arn.split(':');
    try {
      admit?.(
        {
          service: 'apigateway.amazonaws.com',
          sourceArn: call.sourceArn,
          sourceAccount: call.account,
          ...(call.credentialsArn === undefined ? {} : { roleArn: call.credentialsArn }),
        },
        arn,
      );
      const request = {
        account: account as AccountId,
        region: region as Region,
        functionName,
        ...(qualifier === undefined ? {} : { qualifier }),
        requestId: call.requestId as RequestId,
        payload: Buffer.from(JSON.stringify(call.event)),
        traceId: call.traceId,
      };
      if (call.asynchronous === true) {
        await invoker.enqueue(request);
        return { kind: 'returned', body: new Uint8Array(0) };
      }
      const { outcome } = await invoker.invoke(request);
      const { body, functionError } = await buffered(outcome, limits.syncResponseBytes);
      return { kind: functionError === undefined ? 'returned' : 'failed', body };
    } catch (error) {
      if (error instanceof ServiceFault) return { kind: 'refused', fault: error };
      throw error;
    }
  }
}

/** `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/<arn>/invocations`, or the ARN alone; stage variables filled in. */
export function functionArnIn(uri: string, variables: Readonly<Record<string, string>>): string | undefined {
  const filled = withVariables(uri, variables);
  const [, within] = /:lambda:path\/+\d{4}-\d{2}-\d{2}\/functions\/(.+)\/invocations$/.exec(filled) ?? [];
  const arn = within ?? filled;
  return /^arn:aws[\w-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(?::[\w$-]+)?$/.test(arn) ? arn : undefined;
}

/** `${stageVariables.name}` in a URI; one that is not set is nothing. */
export const withVariables = (text: string, variables: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\$\{stageVariables\.(\w+)\}/g, (_whole, name: string) =>
    Object.hasOwn(variables, name) ? (variables[name] ?? '') : '',
  );
