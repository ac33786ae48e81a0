import { shapeOf } from '../shape.ts';
import { textOf, asMap, getAtt, isMap, listOf } from '../values.ts';
import { faulty, permit, type EventType } from './event.ts';

/** Triggers of a user pool: they are written into the pool itself. */
export const cognito: EventType = {
  shape: shapeOf({ text: 'UserPool', known: { 'text or texts': 'Trigger' }, required: 'UserPool Trigger' }),
  add(event) {
    const { properties, consumer, draft } = event;
    const { UserPool, Trigger } = properties;
    const poolId = isMap(UserPool) ? UserPool['Ref'] : undefined;
    const pool = typeof poolId === 'string' ? draft.find(poolId) : undefined;
    if (typeof poolId !== 'string' || pool?.['Type'] !== 'AWS::Cognito::UserPool')
      throw faulty(event, 'Cognito events must reference a Cognito UserPool in the same template.');
    const before = asMap(pool['Properties']);
    const triggers = Object.fromEntries(listOf(Trigger).map((each) => [textOf(each), consumer.arn]));
    const config = { ...asMap(before['LambdaConfig']), ...triggers };
    pool['Properties'] = { ...before, LambdaConfig: config };
    permit({ ...event, logicalId: `${consumer.logicalId}Cognito` }, 'cognito-idp.amazonaws.com', { SourceArn: getAtt(poolId) });
  },
};
