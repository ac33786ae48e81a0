import { shapeOf } from '../shape.ts';
import { asMap, iff, isMap, listOf, noValue, ref, type Fields } from '../values.ts';
import { faulty, permit, type Event, type EventType } from './event.ts';

/** Notifications of a bucket: they are written into the bucket itself, which must be in the same template. */
export const s3: EventType = {
  shape: shapeOf({
    text: 'Bucket',
    typed: { map: 'Filter' },
    known: { 'text or texts': 'Events' },
    required: 'Bucket Events',
  }),
  add(event) {
    const { Bucket } = event.properties;
    const bucketId = isMap(Bucket) ? Bucket['Ref'] : undefined;
    const bucket = typeof bucketId === 'string' ? event.draft.find(bucketId) : undefined;
    if (bucket?.['Type'] !== 'AWS::S3::Bucket')
      throw faulty(event, 'S3 events must reference an S3 bucket in the same template.');
    const permissionId = permit(event, 's3.amazonaws.com', { SourceAccount: ref('AWS::AccountId') });
    dependOn(bucket, permissionId, event);
    notify(bucket, event);
  },
};

/** S3 asks whether it may call the function when the notification is made; so the permission comes first. */
function dependOn(bucket: Record<string, unknown>, permissionId: string, { inherited }: Event): void {
  const condition = inherited['Condition'];
  if (typeof condition !== 'string') {
    const before = bucket['DependsOn'];
    bucket['DependsOn'] = before === undefined ? [permissionId] : [...new Set([...listOf(before), permissionId])];
    return;
  }
  // What may not be there cannot be depended on; a tag that names it under the same condition comes to the same.
  const properties = asMap(bucket['Properties']);
  const tag = {
    Key: `sam:ConditionalDependsOn:${permissionId}`,
    Value: iff(condition, ref(permissionId), 'no dependency'),
  };
  bucket['Properties'] = {
    ...properties,
    Tags: [...(Array.isArray(properties['Tags']) ? (properties['Tags'] as unknown[]) : []), tag],
  };
}

function notify(bucket: Record<string, unknown>, { properties, consumer, inherited }: Event): void {
  const before = asMap(bucket['Properties']);
  const configuration = asMap(before['NotificationConfiguration']);
  const others = configuration['LambdaConfigurations'];
  const condition = inherited['Condition'];
  const added = listOf(properties['Events']).map((name) => {
    const filter = properties['Filter'];
    const one: Fields = { Event: name, Function: consumer.arn, ...(filter === undefined ? {} : { Filter: filter }) };
    return typeof condition === 'string' ? iff(condition, one, noValue) : one;
  });
  const all = [...(Array.isArray(others) ? (others as unknown[]) : []), ...added];
  bucket['Properties'] = { ...before, NotificationConfiguration: { ...configuration, LambdaConfigurations: all } };
}
