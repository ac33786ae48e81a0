import { shapeOf } from '../shape.ts';
import { ref, sub } from '../values.ts';
import { permit, type EventType } from './event.ts';

export const iotRule: EventType = {
  shape: shapeOf({ text: 'Sql AwsIotSqlVersion', required: 'Sql' }),
  add(event) {
    const { logicalId, properties, consumer, inherited, draft } = event;
    permit(event, 'iot.amazonaws.com', {
      SourceAccount: sub('${AWS::AccountId}'),
      SourceArn: sub('arn:aws:iot:${AWS::Region}:${AWS::AccountId}:rule/${RuleName}', { RuleName: ref(logicalId) }),
    });
    const { Sql, AwsIotSqlVersion } = properties;
    const payload = {
      Sql,
      RuleDisabled: false,
      Actions: [{ Lambda: { FunctionArn: consumer.arn } }],
      ...(AwsIotSqlVersion === undefined ? {} : { AwsIotSqlVersion }),
    };
    draft.add(logicalId, 'AWS::IoT::TopicRule', { TopicRulePayload: payload }, inherited);
  },
};
