import { loadApi, ServiceFault, serviceNames, type Call, type ServiceName } from '@mayfly/wire';
import type { Authoriser, HandlerTable, HandlerTables } from '../api/index.ts';
import type { Random } from '../base/index.ts';
import type { Road } from '../services/index.ts';

export interface InProcessOptions {
  readonly handlers: HandlerTables;
  /** Absent where everybody may do everything. */
  readonly authoriser?: Authoriser;
  readonly random: Random;
  readonly origin: () => string;
}

/**
 * The road of a client's call without the socket, for what one service does to others in somebody's name: the model's
 * checks, the policies, the handler. Inputs may be as loosely typed as templates are.
 */
export function openInProcess({ handlers, authoriser, random, origin }: InProcessOptions): Road {
  const tables = new Map<ServiceName, Promise<HandlerTable>>();
  const tableOf = (service: ServiceName): Promise<HandlerTable> => {
    const known = tables.get(service) ?? handlers[service]();
    tables.set(service, known);
    return known;
  };
  return {
    async call(service, operationName, given, { caller, account, region, by = 'cloudformation.amazonaws.com' }) {
      const name = serviceNames.find((each) => each === service);
      const api = name === undefined ? undefined : await loadApi(name);
      const operation = api?.operations.get(operationName);
      if (name === undefined || api === undefined || operation === undefined)
        throw new ServiceFault('UnknownOperationException', `No service of this server has ${service}:${operationName}.`, {
          status: 404,
        });
      const input = api.fit(operation, given);
      api.validate(operation, input);
      const handler = (await tableOf(name))[operationName];
      if (handler === undefined) throw new Error(`${service} has no handler for ${operationName}.`);
      const token = caller.kind === 'signed' ? caller.sessionToken : undefined;
      const call: Call = {
        requestId: random.uuid(),
        service,
        operation: operationName,
        account,
        region,
        caller,
        signal: new AbortController().signal,
        origin: origin(),
        headers: {
          'user-agent': by,
          ...(token === undefined ? {} : { 'x-amz-security-token': token }),
        },
      };
      return handler(input, authoriser?.check(call, input) ?? call);
    },
  };
}
