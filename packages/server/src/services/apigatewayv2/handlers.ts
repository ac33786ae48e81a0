import type { ApiGatewayV2Operations, Call, Handlers } from '@mayfly/wire';
import { apiHandlers } from './api-handlers.ts';
import { authorizerHandlers } from './authorizer-handlers.ts';
import { domainHandlers } from './domain-handlers.ts';
import { integrationHandlers } from './integration-handlers.ts';
import { openApiHandlers } from './openapi/handlers.ts';
import { routeHandlers } from './route-handlers.ts';
import { stageHandlers } from './stage-handlers.ts';
import { tagHandlers } from './tag-handlers.ts';
import type { HttpDesk } from './desk.ts';

export interface HttpPorts {
  readonly endpointOf: (apiId: string) => string;
  readonly forget: (apiId: string) => void;
  readonly isTaken: (domain: string) => boolean;
  readonly stageExists: (call: Call, apiId: string, stage: string) => boolean;
}

/** Every operation of HTTP APIs. */
export const httpHandlers = (
  desk: HttpDesk,
  { endpointOf, forget, isTaken, stageExists }: HttpPorts,
): Partial<Handlers<ApiGatewayV2Operations>> => ({
  ...apiHandlers(desk, endpointOf),
  ...openApiHandlers(desk, endpointOf),
  ...routeHandlers(desk),
  ...integrationHandlers(desk),
  ...stageHandlers(desk),
  ...authorizerHandlers(desk, forget),
  ...domainHandlers(desk, {
    isTaken,
    stageExists,
  }),
  ...tagHandlers(desk),
});
