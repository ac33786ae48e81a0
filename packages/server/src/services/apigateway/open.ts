import type { ApiGatewayOperations, Handlers } from '@mayfly/wire';
import type { Clock, Random } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import { Records } from '../kit/index.ts';
import { RestDesk } from './desk.ts';
import type { RestApis } from './port.ts';
import type { RestKinds } from './records.ts';
import { ServedRestApis } from './served.ts';

export interface ApiGatewayOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether somebody else answers to a domain name. */
  readonly isTaken: (domain: string) => boolean;
}

export interface ApiGateway extends AsyncDisposable {
  /** Loaded when they are first asked for: most servers have no API. */
  handlers(): Promise<Partial<Handlers<ApiGatewayOperations>>>;
  readonly apis: RestApis;
}

/** REST APIs: what they are. Who asks them goes through `api/gateway`. */
export async function openApiGateway(options: ApiGatewayOptions): Promise<ApiGateway> {
  const records = await Records.open<RestKinds>(options.database, 'apigateway');
  const served = new ServedRestApis(records);
  const desk = new RestDesk({
    records,
    clock: options.clock,
    random: options.random,
    onChange: (apiId) => served.forget(apiId),
  });
  return {
    async handlers() {
      const { restHandlers } = await import('./handlers.ts');
      return restHandlers(desk, { isTaken: options.isTaken, forget: (apiId) => served.forget(apiId) });
    },
    apis: served,
    [Symbol.asyncDispose]: () => records.settled(),
  };
}
