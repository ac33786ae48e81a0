import type { ApiGatewayV2Operations, Call, Handlers } from '@mayfly/wire';
import type { Clock, Random } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import { Records } from '../kit/index.ts';
import { HttpDesk, within } from './desk.ts';
import type { HttpApis } from './port.ts';
import type { HttpKinds } from './records.ts';
import { ServedApis } from './served.ts';

export interface ApiGatewayV2Options {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  /** Where an API answers on this server, without a slash at its end. */
  readonly endpointOf: (apiId: string) => string;
  /** Whether somebody else answers to a domain name. */
  readonly isTaken?: (domain: string) => boolean;
}

export interface ApiGatewayV2 extends AsyncDisposable {
  /** Loaded when they are first asked for: most servers have no API. */
  handlers(): Promise<Partial<Handlers<ApiGatewayV2Operations>>>;
  readonly apis: HttpApis;
}

/** HTTP APIs: what they are. Who asks them goes through `api/gateway`. */
export async function openApiGatewayV2(options: ApiGatewayV2Options): Promise<ApiGatewayV2> {
  const records = await Records.open<HttpKinds>(options.database, 'apigatewayv2');
  const served = new ServedApis(records);
  const desk = new HttpDesk({
    records,
    clock: options.clock,
    random: options.random,
    onChange: (apiId) => served.forget(apiId),
  });
  const stageExists = (call: Call, apiId: string, stage: string): boolean =>
    records.get('stage', within(call, apiId), stage) !== undefined;
  return {
    async handlers() {
      const { httpHandlers } = await import('./handlers.ts');
      return httpHandlers(desk, {
        endpointOf: options.endpointOf,
        forget: (apiId) => served.forget(apiId),
        isTaken: (name) => served.domain(name) !== undefined || options.isTaken?.(name) === true,
        stageExists,
      });
    },
    apis: served,
    [Symbol.asyncDispose]: () => records.settled(),
  };
}
