import type { ResourceType } from '../type.ts';
import { lambdaCodeSigningConfig, lambdaPermission, lambdaUrl } from './access.ts';
import { lambdaEventInvokeConfig, lambdaEventSourceMapping } from './events.ts';
import { lambdaFunction } from './function.ts';
import { lambdaLayerVersion, lambdaLayerVersionPermission } from './layers.ts';
import { lambdaAlias, lambdaVersion } from './versions.ts';

export const lambda: Readonly<Record<string, ResourceType>> = {
  'AWS::Lambda::Alias': lambdaAlias,
  'AWS::Lambda::CodeSigningConfig': lambdaCodeSigningConfig,
  'AWS::Lambda::EventInvokeConfig': lambdaEventInvokeConfig,
  'AWS::Lambda::EventSourceMapping': lambdaEventSourceMapping,
  'AWS::Lambda::Function': lambdaFunction,
  'AWS::Lambda::LayerVersion': lambdaLayerVersion,
  'AWS::Lambda::LayerVersionPermission': lambdaLayerVersionPermission,
  'AWS::Lambda::Permission': lambdaPermission,
  'AWS::Lambda::Url': lambdaUrl,
  'AWS::Lambda::Version': lambdaVersion,
};
