import { pick } from '../pick.ts';
import { behaviours, type ResourceType } from '../type.ts';

/** @source CloudFormation Template Reference, AWS::Lambda::LayerVersion, read 2026-11 */
export const lambdaLayerVersion: ResourceType = {
  properties: behaviours({
    replaces: 'CompatibleArchitectures CompatibleRuntimes Content Description LayerName LicenseInfo',
  }),
  required: ['Content'],
  attributes: ['LayerVersionArn'],
  name: { property: 'LayerName', most: 140 },
  async create(properties, { aws, name }) {
    const { LayerVersionArn: arn = '' } = await aws.lambda.PublishLayerVersion({
      ...pick(properties, 'CompatibleArchitectures CompatibleRuntimes Description LicenseInfo'),
      LayerName: name,
      Content: pick(properties['Content'], 'S3Bucket S3Key S3ObjectVersion'),
    });
    return { id: arn, attributes: { LayerVersionArn: arn } };
  },
  async delete(id, _properties, { aws }) {
    const { layer, version } = partsOf(id);
    if (version > 0) await aws.lambda.DeleteLayerVersion({ LayerName: layer, VersionNumber: version });
  },
};

/** @source CloudFormation Template Reference, AWS::Lambda::LayerVersionPermission, read 2026-11 */
export const lambdaLayerVersionPermission: ResourceType = {
  properties: behaviours({ replaces: 'Action LayerVersionArn OrganizationId Principal' }),
  required: ['Action', 'LayerVersionArn', 'Principal'],
  attributes: ['Id'],
  async create(properties, { aws, name }) {
    const { layer, version } = partsOf(properties['LayerVersionArn']);
    await aws.lambda.AddLayerVersionPermission({
      ...(pick(properties, 'Action OrganizationId Principal') as { Action: string; Principal: string }),
      LayerName: layer,
      VersionNumber: version,
      StatementId: name,
    });
    const id = `${properties['LayerVersionArn']}#${name}`;
    return { id, attributes: { Id: id } };
  },
  async delete(id, _properties, { aws }) {
    const [arn = '', statement = ''] = id.split('#');
    const { layer, version } = partsOf(arn);
    await aws.lambda.RemoveLayerVersionPermission({ LayerName: layer, VersionNumber: version, StatementId: statement });
  },
};

const partsOf = (arn: string): { readonly layer: string; readonly version: number } => {
  const parts = arn.split(':');
  return parts.length < 8 ? { layer: arn, version: 0 } : { layer: parts.slice(0, 7).join(':'), version: Number(parts[7]) };
};
