import type { IncomingMessage, ServerResponse } from 'node:http';
import { functionArn, type AccountId, type FunctionArn, type Region } from '../base/index.ts';
import { serveOperator, type OperatorPorts } from './operator.ts';

/** What an operator may see of the event queue, and do to it. */
export interface QueuePort {
  list(account: AccountId): Promise<readonly object[]>;
  peek(functionArn: FunctionArn, most: number): Promise<readonly object[]>;
  purge(functionArn: FunctionArn): Promise<object>;
  redrive(functionArn: FunctionArn, most: number): Promise<object>;
}

export const queuePath = '/_mayfly/queue';

/** `GET /_mayfly/queue`, `GET /_mayfly/queue/NAME?max=10`, `POST /_mayfly/queue/NAME/purge`, `POST …/redrive?max=1000`. */
export const serveQueue = (
  request: IncomingMessage,
  response: ServerResponse,
  ports: OperatorPorts & { readonly queue?: QueuePort },
): Promise<void> =>
  serveOperator(request, response, ports, async (caller, { pathname, searchParams }) => {
    const { queue } = ports;
    if (queue === undefined) return said(404, 'There is no event queue.');
    const [name, action, ...more] = pathname.slice(queuePath.length + 1).split('/');
    const max = Number(searchParams.get('max') ?? 10);
    if (more.length > 0 || !Number.isInteger(max) || max < 1) return said(400, 'max is a number of at least 1.');
    if (name === undefined || name === '') {
      if (request.method !== 'GET') return said(405, 'Only GET.');
      return { status: 200, document: { functions: await queue.list(caller.account as AccountId) } };
    }
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) return said(400, 'This is no name of a function.');
    const arn = functionArn(caller.region as Region, caller.account as AccountId, name);
    if (action === undefined) {
      if (request.method !== 'GET') return said(405, 'Only GET.');
      return { status: 200, document: { events: await queue.peek(arn, max) } };
    }
    if (request.method !== 'POST') return said(405, 'Only POST.');
    if (action === 'purge') return { status: 200, document: await queue.purge(arn) };
    if (action === 'redrive') return { status: 200, document: await queue.redrive(arn, max) };
    return said(404, `A queue can be purged and redriven; it cannot be "${action.slice(0, 32)}".`);
  });

const said = (status: number, message: string) => ({ status, document: { message } });
