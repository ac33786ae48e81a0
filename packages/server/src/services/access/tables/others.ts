import type { CloudWatchOperations, EcrOperations } from '@mayfly/wire';
import { arnIn, text, type AnyInput, type OperationRules, type Place, type ServiceRules } from '../demand.ts';

const alarmArn = (place: Place, name: string): string => arnIn('cloudwatch', place, `alarm:${name}`);
const alarms = (action: string) => (input: { AlarmNames?: readonly string[] | undefined }, place: Place) =>
  (input.AlarmNames ?? ['*']).map((name) => ({ action: `cloudwatch:${action}`, resource: alarmArn(place, name) }));

/** @source Service Authorization Reference, "Actions, resources, and condition keys for Amazon CloudWatch", read 2026-11 */
const cloudwatch: OperationRules<CloudWatchOperations> = {
  PutMetricData: (input) => ({
    action: 'cloudwatch:PutMetricData',
    resource: '*',
    context: { 'cloudwatch:namespace': input.Namespace },
  }),
  DeleteAlarms: alarms('DeleteAlarms'),
  DescribeAlarms: alarms('DescribeAlarms'),
  EnableAlarmActions: alarms('EnableAlarmActions'),
  DisableAlarmActions: alarms('DisableAlarmActions'),
  DeleteDashboards: (input, { account }) =>
    (input.DashboardNames ?? []).map((name) => ({
      action: 'cloudwatch:DeleteDashboards',
      resource: `arn:aws:cloudwatch::${account}:dashboard/${name}`,
    })),
};

export const cloudwatchRules: ServiceRules = {
  prefix: 'cloudwatch',
  operations: cloudwatch,
  resource(input: AnyInput, place: Place) {
    const [alarm, dashboard, arn] = [text(input['AlarmName']), text(input['DashboardName']), text(input['ResourceARN'])];
    if (alarm !== undefined) return alarmArn(place, alarm);
    if (dashboard !== undefined) return `arn:aws:cloudwatch::${place.account}:dashboard/${dashboard}`;
    return arn === undefined ? undefined : arnIn('cloudwatch', place, arn.split(':').slice(5).join(':'));
  },
};

/** @source Service Authorization Reference, "Actions, resources, and condition keys for Amazon Elastic Container Registry", read 2026-11 */
const ecr: OperationRules<EcrOperations> = {
  DescribeRepositories: (input, place) =>
    (input.repositoryNames ?? ['*']).map((name) => ({
      action: 'ecr:DescribeRepositories',
      resource: arnIn('ecr', place, `repository/${name}`),
    })),
};

export const ecrRules: ServiceRules = {
  prefix: 'ecr',
  operations: ecr,
  resource(input: AnyInput, place: Place) {
    const [name, registry] = [text(input['repositoryName']), text(input['registryId'])];
    return name === undefined
      ? text(input['resourceArn'])
      : arnIn('ecr', { ...place, account: registry ?? place.account }, `repository/${name}`);
  },
};
