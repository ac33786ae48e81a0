import type { ResourceType } from '../type.ts';
import { restApi } from './api.ts';
import { basePathMapping, domainName } from './domains.ts';
import { account, apiKey, usagePlan, usagePlanKey } from './keys.ts';
import {
  authorizer,
  documentationPart,
  documentationVersion,
  gatewayResponse,
  method,
  model,
  requestValidator,
  resource,
} from './methods.ts';
import { deployment, stage } from './stages.ts';

/** @source CloudFormation Template Reference, Amazon API Gateway, read 2026-11 */
export const apiGateway: Readonly<Record<string, ResourceType>> = {
  'AWS::ApiGateway::Account': account,
  'AWS::ApiGateway::ApiKey': apiKey,
  'AWS::ApiGateway::Authorizer': authorizer,
  'AWS::ApiGateway::BasePathMapping': basePathMapping,
  'AWS::ApiGateway::Deployment': deployment,
  'AWS::ApiGateway::DocumentationPart': documentationPart,
  'AWS::ApiGateway::DocumentationVersion': documentationVersion,
  'AWS::ApiGateway::DomainName': domainName,
  'AWS::ApiGateway::GatewayResponse': gatewayResponse,
  'AWS::ApiGateway::Method': method,
  'AWS::ApiGateway::Model': model,
  'AWS::ApiGateway::RequestValidator': requestValidator,
  'AWS::ApiGateway::Resource': resource,
  'AWS::ApiGateway::RestApi': restApi,
  'AWS::ApiGateway::Stage': stage,
  'AWS::ApiGateway::UsagePlan': usagePlan,
  'AWS::ApiGateway::UsagePlanKey': usagePlanKey,
};
