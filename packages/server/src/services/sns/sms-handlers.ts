import type { Call, Handlers, SnsOperations } from '@mayfly/wire';
import { ServiceFault } from '@mayfly/wire';
import { scopeOf } from '../kit/records.ts';
import { invalidParameter } from './faults.ts';
import type { Sns } from './sns.ts';
import { texts } from './topic-handlers.ts';

type Names =
  | 'SetSMSAttributes'
  | 'GetSMSAttributes'
  | 'CheckIfPhoneNumberIsOptedOut'
  | 'ListPhoneNumbersOptedOut'
  | 'OptInPhoneNumber'
  | 'GetSMSSandboxAccountStatus'
  | 'ListSMSSandboxPhoneNumbers'
  | 'ListOriginationNumbers';

const integer = (text: string): boolean => /^\d{1,9}$/.test(text);

/** @source Amazon SNS API Reference, SetSMSAttributes, read 2026-11 */
const known: Readonly<Record<string, (text: string) => boolean>> = {
  MonthlySpendLimit: integer,
  DeliveryStatusIAMRole: (text) => text === '' || text.startsWith('arn:'),
  DeliveryStatusSuccessSamplingRate: (text) => integer(text) && Number(text) <= 100,
  DefaultSenderID: (text) => text === '' || /^(?=.*[A-Za-z])[A-Za-z0-9]{1,11}$/.test(text),
  DefaultSMSType: (text) => text === 'Promotional' || text === 'Transactional',
  UsageReportS3Bucket: () => true,
};
/** What a region has that nobody has touched. */
const untouched = { MonthlySpendLimit: '1' };

/** The settings of text messages. There is no telephone here, so nobody has ever answered STOP. */
export function smsHandlers(sns: Sns): Pick<Handlers<SnsOperations>, Names> {
  const { records } = sns;
  return {
    async SetSMSAttributes(input, call: Call) {
      const attributes = texts(input.attributes);
      for (const [name, value] of Object.entries(attributes)) {
        const fits = Object.hasOwn(known, name) ? known[name] : undefined;
        if (fits === undefined) throw new ServiceFault('InvalidParameter', `${name} is not a valid attribute`, { status: 400 });
        if (!fits(value)) throw new ServiceFault('InvalidParameter', `${name} is invalid`, { status: 400 });
      }
      await records.change((draft) => {
        const before = draft.get('sms', scopeOf(call), 'attributes') ?? untouched;
        draft.put('sms', scopeOf(call), 'attributes', { ...before, ...attributes });
      });
      return {};
    },
    async GetSMSAttributes(input, call) {
      const all = Object.entries(records.get('sms', scopeOf(call), 'attributes') ?? untouched).filter(
        ([, value]) => value !== '',
      );
      const wanted = new Set(input.attributes ?? []);
      return { attributes: Object.fromEntries(wanted.size === 0 ? all : all.filter(([name]) => wanted.has(name))) };
    },

    async CheckIfPhoneNumberIsOptedOut(input) {
      checkNumber(input.phoneNumber);
      return { isOptedOut: false };
    },
    ListPhoneNumbersOptedOut: () => Promise.resolve({ phoneNumbers: [] }),
    async OptInPhoneNumber(input) {
      checkNumber(input.phoneNumber);
      return {};
    },

    GetSMSSandboxAccountStatus: () => Promise.resolve({ IsInSandbox: true }),
    ListSMSSandboxPhoneNumbers: () => Promise.resolve({ PhoneNumbers: [] }),
    ListOriginationNumbers: () => Promise.resolve({ PhoneNumbers: [] }),
  };
}

/** @throws InvalidParameter */
function checkNumber(text: string | undefined): void {
  if (!/^\+?[0-9]{4,15}$/.test(text ?? '')) throw invalidParameter('PhoneNumber Reason: input incorrectly formatted');
}
