import type { ApiGatewayOperations, Handlers } from '@mayfly/wire';
import type { Clock, Random } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import { Records } from '../kit/index.ts';
import { accountHandlers } from './account-handlers.ts';
import { apiHandlers } from './api-handlers.ts';
import { authorizerHandlers } from './authorizer-handlers.ts';
import { deploymentHandlers } from './deployment-handlers.ts';
import { RestDesk } from './desk.ts';
import { documentationHandlers } from './documentation-handlers.ts';
import { domainHandlers } from './domain-handlers.ts';
import { exportHandlers } from './export-handlers.ts';
import { gatewayResponseHandlers } from './gateway-response-handlers.ts';
import { importHandlers } from './import-handlers.ts';
import { integrationHandlers } from './integration-handlers.ts';
import { keyHandlers } from './key-handlers.ts';
import { methodHandlers } from './method-handlers.ts';
import { modelHandlers } from './model-handlers.ts';
import { planHandlers } from './plan-handlers.ts';
import type { RestApis } from './port.ts';
import type { RestKinds } from './records.ts';
import { resourceHandlers } from './resource-handlers.ts';
import { ServedRestApis } from './served.ts';
import { stageHandlers } from './stage-handlers.ts';
import { tagHandlers } from './tag-handlers.ts';
import { validatorHandlers } from './validator-handlers.ts';

export interface ApiGatewayOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether somebody else answers to a domain name. */
  readonly isTaken: (domain: string) => boolean;
}

export interface ApiGateway extends AsyncDisposable {
  readonly handlers: Partial<Handlers<ApiGatewayOperations>>;
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
    handlers: {
      ...apiHandlers(desk),
      ...importHandlers(desk),
      ...exportHandlers(desk),
      ...resourceHandlers(desk),
      ...methodHandlers(desk),
      ...integrationHandlers(desk),
      ...deploymentHandlers(desk),
      ...stageHandlers(desk, (apiId) => served.forget(apiId)),
      ...authorizerHandlers(desk),
      ...modelHandlers(desk),
      ...validatorHandlers(desk),
      ...gatewayResponseHandlers(desk),
      ...documentationHandlers(desk),
      ...keyHandlers(desk),
      ...planHandlers(desk),
      ...domainHandlers(desk, options.isTaken),
      ...accountHandlers(desk),
      ...tagHandlers(desk),
    },
    apis: served,
    [Symbol.asyncDispose]: () => records.settled(),
  };
}
