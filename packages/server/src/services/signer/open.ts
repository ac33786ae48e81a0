import type { Handlers, SignerOperations } from '@mayfly/wire';
import type { Clock, Logger, Random } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import { Records, scopeOf, type MasterKey } from '../kit/index.ts';
import { CertificateAuthority } from './authority.ts';
import { readCodeSignature } from './code-signature.ts';
import type { SignerDesk } from './desk.ts';
import { jobHandlers } from './job-handlers.ts';
import { Jobs } from './jobs.ts';
import { permissionHandlers, policyOf } from './permission-handlers.ts';
import type { SignerPort, SignerPorts } from './port.ts';
import { profileHandlers } from './profile-handlers.ts';
import { currentOf, readArn, type Profile, type SignerKinds, type SignerRecords } from './records.ts';
import { revokedAmong } from './revocation.ts';
import { tagHandlers } from './tag-handlers.ts';

export interface SignerOptions {
  readonly database: Database;
  /** Where the key lies that vouches for all who sign; made when the first of them is. */
  readonly authorityFile: string;
  readonly masterKey: MasterKey;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly ports: SignerPorts;
}

export interface Signer extends AsyncDisposable {
  readonly handlers: Handlers<SignerOperations>;
  readonly port: SignerPort;
}

/** AWS Signer for code of Lambda and for images: keys, what they signed, and what of it is trusted no more. */
export async function openSigner(options: SignerOptions): Promise<Signer> {
  const { database, masterKey, clock, random, log, ports } = options;
  const records = await Records.open<SignerKinds>(database, 'signer');
  const authority = await CertificateAuthority.open({
    file: options.authorityFile,
    sealer: masterKey.sealer('signing authority'),
    clock,
  });
  const desk: SignerDesk = { records, authority, sealer: masterKey.sealer('signing profiles'), clock, random };
  const jobs = await Jobs.open(desk, ports, log);
  return {
    handlers: {
      ...profileHandlers(desk),
      ...permissionHandlers(desk),
      ...jobHandlers(desk, jobs),
      ...tagHandlers(desk),
    },
    port: {
      read: (signature) => readCodeSignature(signature, authority),
      isRevoked: (signature) => revokedAmong(records, signature).length > 0,
      policy(arn) {
        const profile = profileOf(records, arn);
        return profile === undefined || profile.permissions.length === 0 ? undefined : policyOf(arn, profile.permissions);
      },
      versionOf(arn) {
        const at = readArn(arn);
        const profile = profileOf(records, arn);
        if (at?.kind === 'job') return records.get('job', scopeOf(at), at.name)?.profileVersion;
        return profile && currentOf(profile).version;
      },
    },
    async [Symbol.asyncDispose]() {
      await jobs[Symbol.asyncDispose]();
      await records.settled();
    },
  };
}

/** The profile itself, or the one a job belongs to. */
function profileOf(records: SignerRecords, arn: string): Profile | undefined {
  const at = readArn(arn);
  if (at === undefined) return undefined;
  const name = at.kind === 'profile' ? at.name : records.get('job', scopeOf(at), at.name)?.profileName;
  return name === undefined ? undefined : records.get('profile', scopeOf(at), name);
}
