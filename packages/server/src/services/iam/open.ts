import type { Clock, Random } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import type { Keys } from '../keys/index.ts';
import { Records } from '../kit/index.ts';
import type { AssumableRole } from '../sts/index.ts';
import { accountHandlers } from './account.ts';
import { Authority } from './authority.ts';
import { contextKeyHandlers } from './context-keys.ts';
import { Directory } from './directory.ts';
import type { IamHandlers } from './faults.ts';
import { groupHandlers } from './groups.ts';
import { detailHandlers } from './details.ts';
import { passwordHandlers } from './passwords.ts';
import { policyHandlers } from './policies.ts';
import { profileHandlers } from './profiles.ts';
import type { IamKinds } from './records.ts';
import { roleHandlers } from './roles.ts';
import { samlHandlers } from './saml.ts';
import { serverCertificateHandlers } from './server-certificates.ts';
import { serviceCredentialHandlers } from './service-credentials.ts';
import { simulateHandlers } from './simulate.ts';
import { sshKeyHandlers } from './ssh-keys.ts';
import { userHandlers } from './users.ts';

export interface IamOptions {
  readonly database: Database;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Iam extends AsyncDisposable {
  readonly handlers: IamHandlers;
  /** Who may do what. */
  readonly authority: Authority;
  /** For STS. */
  role(arn: string): AssumableRole | undefined;
}

/** Identity and Access Management. @source spec 1.16 */
export async function openIam(options: IamOptions): Promise<Iam> {
  const records = await Records.open<IamKinds>(options.database, 'iam');
  const directory = new Directory({ records, clock: options.clock, random: options.random });
  const authority = new Authority({ records, keys: options.keys });
  return {
    handlers: {
      ...roleHandlers(directory),
      ...userHandlers(directory, options.keys),
      ...groupHandlers(directory),
      ...policyHandlers(directory),
      ...profileHandlers(directory),
      ...accountHandlers(directory),
      ...passwordHandlers(directory),
      ...serviceCredentialHandlers(directory, options.random),
      ...sshKeyHandlers(directory, options.random),
      ...detailHandlers(directory),
      ...simulateHandlers(authority),
      ...contextKeyHandlers(authority),
      ...samlHandlers(directory, options.random),
      ...serverCertificateHandlers(directory, options.random),
    },
    authority,
    role(arn) {
      const role = authority.role(arn);
      return role === undefined ? undefined : { roleId: role.id, maxSessionS: role.maxSessionS };
    },
    [Symbol.asyncDispose]: () => records.settled(),
  };
}
