import { shapeOf } from '../shape.ts';
import { sub } from '../values.ts';
import { permit, type EventType } from './event.ts';

export const cloudWatchLogs: EventType = {
  shape: shapeOf({ text: 'LogGroupName FilterPattern', required: 'LogGroupName FilterPattern' }),
  add(event) {
    const { logicalId, consumer, inherited, draft } = event;
    const { LogGroupName, FilterPattern } = event.properties;
    const { partition } = draft.context;
    const arn = `arn:${partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:\${__LogGroupName__}:*`;
    const permissionId = permit(event, 'logs.amazonaws.com', { SourceArn: sub(arn, { __LogGroupName__: LogGroupName }) });
    draft.add(
      logicalId,
      'AWS::Logs::SubscriptionFilter',
      { LogGroupName, FilterPattern, DestinationArn: consumer.arn },
      { ...inherited, DependsOn: [permissionId] },
    );
  },
};
