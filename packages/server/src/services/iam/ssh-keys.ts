import { createHash } from 'node:crypto';
import type { Random } from '../../base/index.ts';
import { uniqueId } from '../kit/index.ts';
import { bounds } from './bounds.ts';
import { missing, type Directory } from './directory.ts';
import { noSuch, tooMany, unreadableKey, type IamHandlers } from './faults.ts';
import { pageIn } from './pages.ts';
import type { SshKeyRecord } from './records.ts';

/** Public keys of users for Git over SSH: kept and shown. */
export function sshKeyHandlers(directory: Directory, random: Random) {
  const { records } = directory;
  const named = (
    find: { get(kind: 'sshKey', account: string, id: string): SshKeyRecord | undefined },
    account: string,
    userName: string | undefined,
    id: string | undefined,
  ): SshKeyRecord => {
    const found = find.get('sshKey', account, id ?? '');
    if (found === undefined || found.userName !== userName) throw noSuch(`The Public Key with id ${id} cannot be found.`);
    return found;
  };

  return {
    async UploadSSHPublicKey(input, call) {
      const { UserName: userName = '', SSHPublicKeyBody: body = '' } = input;
      const key: SshKeyRecord = {
        id: uniqueId('APKA', random),
        userName,
        body,
        fingerprint: fingerprintOf(body),
        status: 'Active',
        uploadedAt: directory.nowMs(),
      };
      await records.change((draft) => {
        if (draft.get('user', call.account, userName) === undefined) throw missing('user', userName);
        const held = draft.list('sshKey', call.account).filter((each) => each.userName === userName);
        if (held.length >= bounds.sshKeysPerUser)
          throw tooMany(`Cannot exceed quota for PublicKeysPerUser: ${bounds.sshKeysPerUser}`);
        draft.put('sshKey', call.account, key.id, key);
      });
      return { SSHPublicKey: shown(key) };
    },
    async GetSSHPublicKey(input, call) {
      directory.get('user', call, input.UserName);
      return { SSHPublicKey: shown(named(records, call.account, input.UserName, input.SSHPublicKeyId)) };
    },
    async ListSSHPublicKeys(input, call) {
      const userName = directory.userNameOf(input.UserName, call);
      if (userName !== undefined) directory.get('user', call, userName);
      const held = records.list('sshKey', call.account).filter((each) => each.userName === userName);
      const page = pageIn(held, input, ({ id }) => id);
      return {
        SSHPublicKeys: page.items.map(({ userName: UserName, id, status, uploadedAt }) => ({
          UserName,
          SSHPublicKeyId: id,
          Status: status,
          UploadDate: new Date(uploadedAt),
        })),
        ...page.more,
      };
    },
    async UpdateSSHPublicKey(input, call) {
      directory.get('user', call, input.UserName);
      await records.change((draft) => {
        const found = named(draft, call.account, input.UserName, input.SSHPublicKeyId);
        draft.put('sshKey', call.account, found.id, { ...found, status: input.Status === 'Active' ? 'Active' : 'Inactive' });
      });
      return {};
    },
    async DeleteSSHPublicKey(input, call) {
      directory.get('user', call, input.UserName);
      await records.change((draft) => {
        draft.delete('sshKey', call.account, named(draft, call.account, input.UserName, input.SSHPublicKeyId).id);
      });
      return {};
    },
  } satisfies IamHandlers;
}

/** MD5 of the key itself, as SSH wrote it for long. @throws UnrecognizedPublicKeyEncoding */
function fingerprintOf(body: string): string {
  const content = /^ssh-rsa ([A-Za-z0-9+/=]+)(?: .*)?$/.exec(body.trim())?.[1];
  if (content === undefined) throw unreadableKey();
  const hex = createHash('md5').update(Buffer.from(content, 'base64')).digest('hex');
  return hex.replaceAll(/(..)(?=.)/g, '$1:');
}

const shown = (key: SshKeyRecord) => ({
  UserName: key.userName,
  SSHPublicKeyId: key.id,
  Fingerprint: key.fingerprint,
  SSHPublicKeyBody: key.body,
  Status: key.status,
  UploadDate: new Date(key.uploadedAt),
});
