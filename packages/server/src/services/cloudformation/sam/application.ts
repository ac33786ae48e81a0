import type { Draft, SamResource } from './draft.ts';
import { InvalidResource } from './faults.ts';
import { readProperties, shapeOf } from './shape.ts';
import { asMap, pick, tagList } from './values.ts';

const shape = shapeOf({
  map: 'Parameters Tags',
  typed: { 'text or map': 'Location', texts: 'NotificationARNs', number: 'TimeoutInMinutes' },
  required: 'Location',
});

/** `AWS::Serverless::Application`: a stack in this one. */
export function translateApplication({ logicalId, type, properties: written, inherited, own }: SamResource, draft: Draft): void {
  const properties = readProperties(shape, logicalId, type, written);
  const { Location, Tags } = properties;
  if (typeof Location !== 'string')
    throw new InvalidResource(
      logicalId,
      'Mayfly has no Serverless Application Repository. Give the URL of a template as the Location.',
    );
  const stack = {
    TemplateURL: Location,
    ...pick(properties, ['Parameters', 'NotificationARNs', 'TimeoutInMinutes']),
    Tags: tagList({ 'lambda:createdBy': 'SAM', ...asMap(Tags) }),
  };
  draft.add(logicalId, 'AWS::CloudFormation::Stack', stack, { ...own, ...inherited });
}
