import { notYet, type Handlers, type SnsOperations } from '@mayfly/wire';
import { certificatePath } from './envelope.ts';
import type { SnsPort } from './port.ts';
import { platformHandlers } from './platform-handlers.ts';
import { publishHandlers } from './publish-handlers.ts';
import { smsHandlers } from './sms-handlers.ts';
import { Sns, type SnsOptions } from './sns.ts';
import { subscriptionHandlers } from './subscription-handlers.ts';
import { defaultPolicy } from './topic.ts';
import { topicHandlers } from './topic-handlers.ts';

export type { SnsPort, SnsPorts } from './port.ts';
export type { SnsOptions } from './sns.ts';

export interface SnsService extends AsyncDisposable {
  readonly handlers: Handlers<SnsOperations>;
  readonly port: SnsPort;
  /** The certificate's PEM when `path` is where messages say it is: `/_mayfly/sns/SimpleNotificationService-….pem`. */
  certificate(path: string): Promise<string | undefined>;
}

/** Opens the topics, and goes on delivering what an earlier server left. */
export async function openSns(options: SnsOptions): Promise<SnsService> {
  const sns = await Sns.open(options);
  return {
    handlers: {
      ...notBuilt,
      ...topicHandlers(sns),
      ...subscriptionHandlers(sns),
      ...publishHandlers(sns),
      ...platformHandlers(sns),
      ...smsHandlers(sns),
    },
    port: {
      has: (topicArn) => {
        const [, , , region, account, name = ''] = topicArn.split(':');
        return sns.records.get('topic', `${account}/${region}`, name) !== undefined;
      },
      policy(topicArn) {
        const [, , , region, account, name = ''] = topicArn.split(':');
        const topic = sns.records.get('topic', `${account}/${region}`, name);
        return topic && (topic.attributes['Policy'] ?? JSON.stringify(defaultPolicy(topic)));
      },
      publish: (topicArn, request) => sns.publish(topicArn, request),
    },
    async certificate(path) {
      if (!path.startsWith(certificatePath)) return undefined;
      const signer = await sns.signer();
      return path === certificatePath + signer.fileName ? signer.certificatePem : undefined;
    },
    [Symbol.asyncDispose]: () => sns[Symbol.asyncDispose](),
  };
}

/** What a telephone would have to ring for, and data protection. */
const notBuilt = {
  CreateSMSSandboxPhoneNumber: notYet('CreateSMSSandboxPhoneNumber'),
  DeleteSMSSandboxPhoneNumber: notYet('DeleteSMSSandboxPhoneNumber'),
  GetDataProtectionPolicy: notYet('GetDataProtectionPolicy'),
  PutDataProtectionPolicy: notYet('PutDataProtectionPolicy'),
  VerifySMSSandboxPhoneNumber: notYet('VerifySMSSandboxPhoneNumber'),
};
