/** Of every template, without being declared. */
export const pseudoParameters: ReadonlySet<string> = new Set([
  'AWS::AccountId',
  'AWS::NotificationARNs',
  'AWS::NoValue',
  'AWS::Partition',
  'AWS::Region',
  'AWS::StackId',
  'AWS::StackName',
  'AWS::URLSuffix',
]);

export interface StackPlace {
  readonly account: string;
  readonly region: string;
  readonly stackId: string;
  readonly stackName: string;
  readonly notificationArns: readonly string[];
}

export const pseudoValues = (place: StackPlace): Readonly<Record<string, unknown>> => ({
  'AWS::AccountId': place.account,
  'AWS::NotificationARNs': place.notificationArns,
  'AWS::Partition': 'aws',
  'AWS::Region': place.region,
  'AWS::StackId': place.stackId,
  'AWS::StackName': place.stackName,
  'AWS::URLSuffix': 'amazonaws.com',
});
