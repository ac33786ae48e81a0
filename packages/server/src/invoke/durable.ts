import { ServiceFault } from '@mayfly/wire';
import type { Resolution } from '../control/index.ts';
import type { InvokeRequest, InvokeResult } from './port.ts';
import type { Started } from './road.ts';

/** A call of a function with durable executions, resolved and its event checked. */
export interface DurableCall {
  readonly resolution: Resolution;
  readonly request: InvokeRequest;
}

/** Whoever runs durable executions. A call becomes one, or finds the one of its name. @source spec 10.1-03, 10.1-05 */
export interface DurableRunner {
  /** Resolves when the execution has ended. @throws ServiceFault */
  run(call: DurableCall): Promise<InvokeResult & { readonly durableExecutionArn: string }>;
  /** Resolves when the execution is on stable storage. @throws ServiceFault */
  begin(call: DurableCall): Promise<{ readonly durableExecutionArn: string }>;
}

/** What the runner needs of the hall. */
export interface DurableRoad {
  /** One invocation of an execution. @throws ServiceFault when there is no place for it */
  start(resolution: Resolution, request: InvokeRequest): Promise<Started>;
  /** @throws ServiceFault TooManyRequestsException when there is no place now */
  admit(resolution: Resolution): void;
}

/** Stands in for the runner until it is opened: it needs the hall, and the hall hands it calls. */
export class DurableDesk implements DurableRunner {
  #runner: DurableRunner | undefined;

  open(runner: DurableRunner): void {
    this.#runner = runner;
  }

  run(call: DurableCall): ReturnType<DurableRunner['run']> {
    return this.#present.run(call);
  }

  begin(call: DurableCall): ReturnType<DurableRunner['begin']> {
    return this.#present.begin(call);
  }

  get #present(): DurableRunner {
    if (this.#runner !== undefined) return this.#runner;
    throw new ServiceFault('ServiceException', 'The server is starting; try again.', { status: 503 });
  }
}

/** @throws ServiceFault InvalidParameterValueException for the name of an execution where there can be none; the text is ours */
export function checkOrdinary(request: Pick<InvokeRequest, 'durableExecutionName'>): void {
  if (request.durableExecutionName === undefined) return;
  throw new ServiceFault('InvalidParameterValueException', 'The function is not configured for durable executions.', {
    status: 400,
    members: { Type: 'User' },
  });
}
