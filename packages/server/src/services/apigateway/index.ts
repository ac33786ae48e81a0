export { openApiGateway, type ApiGateway, type ApiGatewayOptions } from './open.ts';
export type {
  RestApi,
  RestApis,
  RestAuthorizer,
  RestDefinition,
  RestGatewayResponse,
  RestIntegration,
  RestMethod,
  RestResource,
  RestStage,
} from './port.ts';
