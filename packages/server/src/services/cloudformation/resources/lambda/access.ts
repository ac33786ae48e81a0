import { pick } from '../pick.ts';
import { behaviours, tagMap, type Properties, type ResourceType } from '../type.ts';

const permission =
  'Action EventSourceToken FunctionName FunctionUrlAuthType InvokedViaFunctionUrl Principal PrincipalOrgID SourceAccount SourceArn';

/** @source CloudFormation Template Reference, AWS::Lambda::Permission, read 2026-11 */
export const lambdaPermission: ResourceType = {
  properties: behaviours({ replaces: permission }),
  required: ['Action', 'FunctionName', 'Principal'],
  attributes: ['Id'],
  name: { property: 'StatementId', most: 100 },
  async create(properties, { aws, name }) {
    await aws.lambda.AddPermission({
      ...(pick(properties, permission) as { FunctionName: string; Action: string; Principal: string }),
      StatementId: name,
    });
    return { id: name, attributes: { Id: name } };
  },
  delete: (id, { FunctionName }, { aws }) => aws.lambda.RemovePermission({ FunctionName, StatementId: id }),
};

/** @source CloudFormation Template Reference, AWS::Lambda::Url, read 2026-11 */
export const lambdaUrl: ResourceType = {
  properties: behaviours({ replaces: 'TargetFunctionArn Qualifier', updates: 'AuthType Cors InvokeMode' }),
  required: ['TargetFunctionArn', 'AuthType'],
  attributes: ['FunctionArn', 'FunctionUrl'],
  async create(properties, { aws }) {
    const made = await aws.lambda.CreateFunctionUrlConfig({
      ...at(properties),
      ...pick(properties, 'Cors InvokeMode'),
      AuthType: properties['AuthType'],
    });
    return { id: made.FunctionArn ?? '', attributes: { FunctionArn: made.FunctionArn, FunctionUrl: made.FunctionUrl } };
  },
  async update(id, properties, _before, { aws }) {
    await aws.lambda.UpdateFunctionUrlConfig({
      ...at(properties),
      AuthType: properties['AuthType'],
      InvokeMode: properties['InvokeMode'] ?? 'BUFFERED',
      Cors: properties['Cors'] ?? {},
    });
    return { id };
  },
  delete: (_id, properties, { aws }) => aws.lambda.DeleteFunctionUrlConfig(at(properties)),
};

const at = ({ TargetFunctionArn, Qualifier }: Properties): { FunctionName: string; Qualifier?: string } => ({
  FunctionName: TargetFunctionArn,
  ...(Qualifier === undefined ? {} : { Qualifier }),
});

/** @source CloudFormation Template Reference, AWS::Lambda::CodeSigningConfig, read 2026-11 */
export const lambdaCodeSigningConfig: ResourceType = {
  properties: behaviours({ updates: 'AllowedPublishers CodeSigningPolicies Description Tags' }),
  required: ['AllowedPublishers'],
  attributes: ['CodeSigningConfigArn', 'CodeSigningConfigId'],
  async create(properties, making) {
    const tags = tagMap(properties['Tags'], making);
    const { CodeSigningConfig: made } = await making.aws.lambda.CreateCodeSigningConfig({
      ...pick(properties, 'CodeSigningPolicies Description'),
      AllowedPublishers: properties['AllowedPublishers'],
      ...(Object.keys(tags).length === 0 ? {} : { Tags: tags }),
    });
    return {
      id: made?.CodeSigningConfigArn ?? '',
      attributes: { CodeSigningConfigArn: made?.CodeSigningConfigArn, CodeSigningConfigId: made?.CodeSigningConfigId },
    };
  },
  async update(id, properties, _before, { aws }) {
    await aws.lambda.UpdateCodeSigningConfig({
      CodeSigningConfigArn: id,
      ...pick(properties, 'AllowedPublishers CodeSigningPolicies'),
      Description: properties['Description'] ?? '',
    });
    return { id };
  },
  delete: (id, _properties, { aws }) => aws.lambda.DeleteCodeSigningConfig({ CodeSigningConfigArn: id }),
};
