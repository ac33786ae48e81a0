import type { Draft, SamResource } from './draft.ts';
import { InvalidResource } from './faults.ts';
import { readProperties, shapeOf } from './shape.ts';
import { textOf, isMap, own as ownField, pick, tagList, type Fields } from './values.ts';

const shape = shapeOf({
  any: 'PointInTimeRecoverySpecification',
  map: 'Tags SSESpecification',
  typed: { map: 'PrimaryKey ProvisionedThroughput', text: 'TableName' },
});
const attributeTypes: Readonly<Record<string, string>> = { String: 'S', Number: 'N', Binary: 'B' };

/** `AWS::Serverless::SimpleTable`: a table with one key. */
export function translateSimpleTable({ logicalId, type, properties: written, inherited, own }: SamResource, draft: Draft): void {
  const properties = readProperties(shape, logicalId, type, written);
  const key = isMap(properties['PrimaryKey']) ? properties['PrimaryKey'] : { Name: 'id', Type: 'String' };
  const { name, attributeType } = readKey(key, logicalId);
  const { ProvisionedThroughput, Tags } = properties;
  const table = {
    ...pick(properties, ['TableName', 'SSESpecification', 'PointInTimeRecoverySpecification', 'ProvisionedThroughput']),
    AttributeDefinitions: [{ AttributeName: name, AttributeType: attributeType }],
    KeySchema: [{ AttributeName: name, KeyType: 'HASH' }],
    BillingMode: ProvisionedThroughput === undefined ? 'PAY_PER_REQUEST' : undefined,
    Tags: isMap(Tags) ? tagList(Tags) : undefined,
  };
  draft.add(logicalId, 'AWS::DynamoDB::Table', table, { ...own, ...inherited });
}

function readKey(key: Fields, logicalId: string): { readonly name: unknown; readonly attributeType: string } {
  const { Name: name, Type: type } = key;
  if (name === undefined) throw new InvalidResource(logicalId, `Property 'PrimaryKey.Name' is required.`);
  if (type === undefined) throw new InvalidResource(logicalId, `Property 'PrimaryKey.Type' is required.`);
  const attributeType = ownField(attributeTypes, textOf(type));
  if (attributeType === undefined) throw new InvalidResource(logicalId, `Invalid 'Type' "${textOf(type)}".`);
  return { name, attributeType };
}
