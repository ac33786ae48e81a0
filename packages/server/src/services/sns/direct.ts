import { ServiceFault, type Call } from '@mayfly/wire';
import { scopeOf } from '../kit/records.ts';
import { invalidParameter } from './faults.ts';
import { draftOf, type PublishRequest } from './message.ts';
import type { EndpointRecord } from './platform.ts';
import type { Sns } from './sns.ts';

/** Where a message goes that is for no topic. */
export type Direct = { readonly phoneNumber: string } | { readonly endpoint: EndpointRecord };

/** @throws InvalidParameter */
export function phoneOf(number: string): Direct {
  if (!/^\+[0-9]{4,15}$/.test(number)) throw invalidParameter(`PhoneNumber Reason: ${number} is not valid to publish to`);
  return { phoneNumber: number };
}

/** @throws InvalidParameter, EndpointDisabled */
export function endpointOf(endpoint: EndpointRecord | undefined): Direct {
  if (endpoint === undefined) throw invalidParameter('TargetArn Reason: No endpoint found for the target arn specified');
  if (endpoint.attributes['Enabled']?.toLowerCase() === 'false')
    throw new ServiceFault('EndpointDisabled', 'Endpoint is disabled', { status: 400 });
  return { endpoint };
}

/**
 * Takes a message for a telephone or an app as AWS takes it: what becomes of it is told later, and elsewhere. There is
 * no carrier here, so all of them fail, and say so in the log group of such deliveries where somebody asked for that.
 *
 * @source Amazon SNS Developer Guide, "Viewing CloudWatch metrics and logs for SMS deliveries", read 2026-11
 */
export async function publishDirectly(sns: Sns, call: Call, to: Direct, request: PublishRequest): Promise<string> {
  draftOf(request, { fifo: false, contentBased: false });
  const messageId = sns.random.uuid();
  const report = reportOf(sns, call, to);
  sns.log.warn('A message was taken that nobody can deliver here: there are no telephones and no push services.', {
    messageId,
    ...('endpoint' in to ? { endpoint: to.endpoint.arn } : {}),
  });
  if (report === undefined) return messageId;
  const atMs = sns.clock.now();
  const timestamp = new Date(atMs).toISOString().replace('T', ' ').replace('Z', '');
  const message = JSON.stringify({ notification: { messageId, timestamp }, delivery: report.delivery, status: 'FAILURE' });
  await sns.ports.logs?.write(call, report.logGroupName, { atMs, message });
  return messageId;
}

interface Report {
  readonly logGroupName: string;
  readonly delivery: object;
}

function reportOf(sns: Sns, call: Call, to: Direct): Report | undefined {
  const prefix = `sns/${call.region}/${call.account}`;
  const delivery = { providerResponse: 'Nobody here delivers such messages', dwellTimeMs: 0 };
  if ('phoneNumber' in to) {
    const settings = sns.records.get('sms', scopeOf(call), 'attributes');
    if ((settings?.['DeliveryStatusIAMRole'] ?? '') === '') return undefined;
    const smsType = settings?.['DefaultSMSType'] ?? 'Promotional';
    return {
      logGroupName: `${prefix}/DirectPublishToPhoneNumber/Failure`,
      delivery: { numberOfMessageParts: 1, destination: to.phoneNumber, priceInUSD: 0, smsType, ...delivery },
    };
  }
  const application = sns.application(to.endpoint.applicationArn);
  if ((application?.attributes['FailureFeedbackRoleArn'] ?? '') === '') return undefined;
  return {
    logGroupName: `${prefix}/${to.endpoint.applicationArn.split(':').slice(5).join(':')}/Failure`,
    delivery: { destination: to.endpoint.arn, ...delivery, statusCode: 0 },
  };
}
