import type { ApiGatewayV2Operations, Call, Handlers } from '@mayfly/wire';
import type { Clock, Random } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import { Records } from '../kit/index.ts';
import { apiHandlers } from './api-handlers.ts';
import { authorizerHandlers } from './authorizer-handlers.ts';
import { HttpDesk, within } from './desk.ts';
import { domainHandlers } from './domain-handlers.ts';
import { integrationHandlers } from './integration-handlers.ts';
import { openApiHandlers } from './openapi/handlers.ts';
import type { HttpApis } from './port.ts';
import type { HttpKinds } from './records.ts';
import { routeHandlers } from './route-handlers.ts';
import { ServedApis } from './served.ts';
import { stageHandlers } from './stage-handlers.ts';
import { tagHandlers } from './tag-handlers.ts';

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
  readonly handlers: Partial<Handlers<ApiGatewayV2Operations>>;
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
    handlers: {
      ...apiHandlers(desk, options.endpointOf),
      ...openApiHandlers(desk, options.endpointOf),
      ...routeHandlers(desk),
      ...integrationHandlers(desk),
      ...stageHandlers(desk),
      ...authorizerHandlers(desk, (apiId) => served.forget(apiId)),
      ...domainHandlers(desk, {
        isTaken: (name) => served.domain(name) !== undefined || options.isTaken?.(name) === true,
        stageExists,
      }),
      ...tagHandlers(desk),
    },
    apis: served,
    [Symbol.asyncDispose]: () => records.settled(),
  };
}
