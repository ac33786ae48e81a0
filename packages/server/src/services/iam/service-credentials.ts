import type { Random } from '../../base/index.ts';
import { uniqueId } from '../kit/index.ts';
import { bounds } from './bounds.ts';
import { missing, type Directory } from './directory.ts';
import { noSuch, tooMany, type IamHandlers } from './faults.ts';
import { pageIn } from './pages.ts';
import type { ServiceCredentialRecord } from './records.ts';

/** @source IAM API Reference, CreateServiceSpecificCredential, read 2026-11 */
const services: ReadonlySet<string> = new Set(['bedrock.amazonaws.com', 'cassandra.amazonaws.com', 'codecommit.amazonaws.com']);

const dayMs = 86_400_000;

/** Passwords that services give users apart from their keys. */
export function serviceCredentialHandlers(directory: Directory, random: Random) {
  const { records } = directory;
  /** The one of a user with this id. @throws NoSuchEntity */
  const named = (
    find: { get(kind: 'credential', account: string, id: string): ServiceCredentialRecord | undefined },
    account: string,
    userName: string | undefined,
    id: string | undefined,
  ): ServiceCredentialRecord => {
    const found = find.get('credential', account, id ?? '');
    if (found === undefined || (userName !== undefined && found.userName !== userName))
      throw noSuch(`No such credential ${id} exists`);
    return found;
  };
  const checkService = (service: string): void => {
    if (!services.has(service)) throw noSuch(`No such service ${service} is supported for Service Specific Credentials`);
  };
  const password = (): string => Buffer.from(random.bytes(32)).toString('base64');

  return {
    async CreateServiceSpecificCredential(input, call) {
      const { UserName: userName = '', ServiceName: service = '', CredentialAgeDays } = input;
      directory.get('user', call, userName);
      checkService(service);
      const createdAt = directory.nowMs();
      const credential: ServiceCredentialRecord = {
        id: uniqueId('ACCA', random),
        userName,
        service,
        serviceUserName: `${userName}-at-${call.account}`,
        status: 'Active',
        createdAt,
        ...(CredentialAgeDays === undefined ? {} : { expiresAt: createdAt + CredentialAgeDays * dayMs }),
      };
      const made = await records.change((draft) => {
        if (draft.get('user', call.account, userName) === undefined) throw missing('user', userName);
        const held = draft
          .list('credential', call.account)
          .filter((each) => each.userName === userName && each.service === service);
        if (held.length >= bounds.credentialsPerService)
          throw tooMany(`Cannot exceed quota for ServiceSpecificCredentialsPerUser: ${bounds.credentialsPerService}`);
        // The second one's name says which it is.
        const isTaken = held.some(({ serviceUserName }) => serviceUserName === credential.serviceUserName);
        const serviceUserName = isTaken ? `${userName}+1-at-${call.account}` : credential.serviceUserName;
        const unique = { ...credential, serviceUserName };
        draft.put('credential', call.account, unique.id, unique);
        return unique;
      });
      return { ServiceSpecificCredential: { ...shown(made), ServicePassword: password() } };
    },

    async ListServiceSpecificCredentials(input, call) {
      const userName = input.AllUsers === true ? undefined : directory.userNameOf(input.UserName, call);
      if (userName !== undefined) directory.get('user', call, userName);
      if (input.ServiceName !== undefined) checkService(input.ServiceName);
      const all = records
        .list('credential', call.account)
        .filter((each) => input.AllUsers === true || each.userName === userName)
        .filter(({ service }) => input.ServiceName === undefined || service === input.ServiceName);
      // Only those who ask for pages are told of them, as recorded.
      const { items, more } = pageIn(all, input, ({ id }) => id);
      return { ServiceSpecificCredentials: items.map(shown), ...(more.IsTruncated ? more : {}) };
    },

    async UpdateServiceSpecificCredential(input, call) {
      if (input.UserName !== undefined) directory.get('user', call, input.UserName);
      await records.change((draft) => {
        const found = named(draft, call.account, input.UserName, input.ServiceSpecificCredentialId);
        draft.put('credential', call.account, found.id, { ...found, status: input.Status === 'Active' ? 'Active' : 'Inactive' });
      });
      return {};
    },

    async ResetServiceSpecificCredential(input, call) {
      if (input.UserName !== undefined) directory.get('user', call, input.UserName);
      const found = named(records, call.account, input.UserName, input.ServiceSpecificCredentialId);
      return { ServiceSpecificCredential: { ...shown(found), ServicePassword: password() } };
    },

    async DeleteServiceSpecificCredential(input, call) {
      if (input.UserName !== undefined) directory.get('user', call, input.UserName);
      await records.change((draft) => {
        const { id } = named(draft, call.account, input.UserName, input.ServiceSpecificCredentialId);
        draft.delete('credential', call.account, id);
      });
      return {};
    },
  } satisfies IamHandlers;
}

const shown = (credential: ServiceCredentialRecord) => ({
  UserName: credential.userName,
  Status: credential.status,
  ServiceUserName: credential.serviceUserName,
  CreateDate: new Date(credential.createdAt),
  ServiceSpecificCredentialId: credential.id,
  ServiceName: credential.service,
  ...(credential.expiresAt === undefined ? {} : { ExpirationDate: new Date(credential.expiresAt) }),
});
