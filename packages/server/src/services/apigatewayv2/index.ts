export { openApiGatewayV2, type ApiGatewayV2, type ApiGatewayV2Options } from './open.ts';
export type { DomainTarget, HttpApi, HttpApis, HttpAuthorizer, HttpIntegration, HttpRoute, HttpStage } from './port.ts';
