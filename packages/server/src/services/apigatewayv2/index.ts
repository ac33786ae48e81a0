export { openApiGatewayV2, type ApiGatewayV2, type ApiGatewayV2Options } from './open.ts';
export type { Expression, Selection } from './mapping/expression.ts';
export type { MappingRule } from './mapping/rules.ts';
export type {
  AccessLog,
  DomainTarget,
  HttpApi,
  HttpApis,
  HttpAuthorizer,
  HttpIntegration,
  HttpRoute,
  HttpStage,
} from './port.ts';
