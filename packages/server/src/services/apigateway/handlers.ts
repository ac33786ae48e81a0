import type { ApiGatewayOperations, Handlers } from '@mayfly/wire';
import { accountHandlers } from './account-handlers.ts';
import { apiHandlers } from './api-handlers.ts';
import { authorizerHandlers } from './authorizer-handlers.ts';
import { deploymentHandlers } from './deployment-handlers.ts';
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
import { resourceHandlers } from './resource-handlers.ts';
import { stageHandlers } from './stage-handlers.ts';
import { tagHandlers } from './tag-handlers.ts';
import { validatorHandlers } from './validator-handlers.ts';
import type { RestDesk } from './desk.ts';

/** Every operation of REST APIs. */
export const restHandlers = (
  desk: RestDesk,
  { isTaken, forget }: { readonly isTaken: (domain: string) => boolean; readonly forget: (apiId: string | undefined) => void },
): Partial<Handlers<ApiGatewayOperations>> => ({
  ...apiHandlers(desk),
  ...importHandlers(desk),
  ...exportHandlers(desk),
  ...resourceHandlers(desk),
  ...methodHandlers(desk),
  ...integrationHandlers(desk),
  ...deploymentHandlers(desk),
  ...stageHandlers(desk, forget),
  ...authorizerHandlers(desk),
  ...modelHandlers(desk),
  ...validatorHandlers(desk),
  ...gatewayResponseHandlers(desk),
  ...documentationHandlers(desk),
  ...keyHandlers(desk),
  ...planHandlers(desk),
  ...domainHandlers(desk, isTaken),
  ...accountHandlers(desk),
  ...tagHandlers(desk),
});
