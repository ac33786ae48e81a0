import { missing, type Directory } from './directory.ts';
import { conflict, exists, noSuch, type IamHandlers } from './faults.ts';
import type { LoginRecord, PasswordPolicyRecord } from './records.ts';

/** Ways into the console, and what passwords have to be like: kept and shown, for those who describe accounts. */
export function passwordHandlers(directory: Directory) {
  const { records } = directory;
  const noLogin = (name: string): Error => noSuch(`Login Profile for User ${name} cannot be found.`);
  const noPolicy = (account: string): Error => noSuch(`The Password Policy with domain name ${account} cannot be found.`);
  const shown = ({ userName, createdAt, resetRequired }: LoginRecord) => ({
    UserName: userName,
    CreateDate: new Date(createdAt),
    PasswordResetRequired: resetRequired,
  });

  return {
    async CreateLoginProfile(input, call) {
      const userName = input.UserName ?? '';
      const login: LoginRecord = {
        userName,
        createdAt: directory.nowMs(),
        resetRequired: input.PasswordResetRequired === true,
      };
      await records.change((draft) => {
        if (draft.get('user', call.account, userName) === undefined) throw missing('user', userName);
        if (draft.get('login', call.account, userName) !== undefined)
          throw exists(`Login Profile for user ${userName} already exists.`);
        draft.put('login', call.account, userName, login);
      });
      return { LoginProfile: shown(login) };
    },
    async GetLoginProfile(input, call) {
      const userName = directory.userNameOf(input.UserName, call) ?? '';
      directory.get('user', call, userName);
      const login = records.get('login', call.account, userName);
      if (login === undefined) throw noLogin(userName);
      return { LoginProfile: shown(login) };
    },
    async UpdateLoginProfile(input, call) {
      const userName = input.UserName ?? '';
      directory.get('user', call, userName);
      await records.change((draft) => {
        const login = draft.get('login', call.account, userName);
        if (login === undefined) throw noLogin(userName);
        const resetRequired = input.PasswordResetRequired ?? login.resetRequired;
        draft.put('login', call.account, userName, { ...login, resetRequired });
      });
      return {};
    },
    async DeleteLoginProfile(input, call) {
      const userName = directory.userNameOf(input.UserName, call) ?? '';
      directory.get('user', call, userName);
      await records.change((draft) => {
        if (!draft.delete('login', call.account, userName)) throw noLogin(userName);
      });
      return {};
    },

    async UpdateAccountPasswordPolicy(input, call) {
      const { MaxPasswordAge, PasswordReusePrevention, HardExpiry } = input;
      // What is not said falls back to this. @source IAM API Reference, UpdateAccountPasswordPolicy, read 2026-11
      const policy: PasswordPolicyRecord = {
        MinimumPasswordLength: input.MinimumPasswordLength ?? 6,
        RequireSymbols: input.RequireSymbols === true,
        RequireNumbers: input.RequireNumbers === true,
        RequireUppercaseCharacters: input.RequireUppercaseCharacters === true,
        RequireLowercaseCharacters: input.RequireLowercaseCharacters === true,
        AllowUsersToChangePassword: input.AllowUsersToChangePassword === true,
        ...(MaxPasswordAge === undefined ? {} : { MaxPasswordAge }),
        ...(PasswordReusePrevention === undefined ? {} : { PasswordReusePrevention }),
        ...(HardExpiry === undefined ? {} : { HardExpiry }),
      };
      await records.change((draft) => draft.put('passwords', call.account, 'policy', policy));
      return {};
    },
    async GetAccountPasswordPolicy(_input, call) {
      const policy = records.get('passwords', call.account, 'policy');
      if (policy === undefined) throw noPolicy(call.account);
      return { PasswordPolicy: { ...policy, ExpirePasswords: (policy.MaxPasswordAge ?? 0) > 0 } };
    },
    async DeleteAccountPasswordPolicy(_input, call) {
      await records.change((draft) => {
        if (!draft.delete('passwords', call.account, 'policy'))
          throw noSuch('The account policy with name PasswordPolicy cannot be found.');
      });
      return {};
    },
  } satisfies IamHandlers;
}

/** What has to go before a user can. @throws DeleteConflict */
export const checkNoLogin = (login: LoginRecord | undefined): void => {
  if (login !== undefined) throw conflict('Cannot delete entity, must delete login profile first.');
};
