import { createPrivateKey, X509Certificate } from 'node:crypto';
import { ServiceFault } from '@mayfly/wire';
import type { Random } from '../../base/index.ts';
import { uniqueId } from '../kit/index.ts';
import { withoutTags, withTags, type Directory } from './directory.ts';
import { exists, noSuch, type IamHandlers } from './faults.ts';
import { pageIn, tagList } from './pages.ts';
import type { CertificateRecord } from './records.ts';

const missing = (name: string | undefined): Error => noSuch(`The Server Certificate with name ${name} cannot be found.`);
const malformed = (code: string, message: string): Error => new ServiceFault(code, message, { status: 400 });

/** Certificates of servers. Their private keys are looked at and not kept: nothing here serves with them. */
export function serverCertificateHandlers(directory: Directory, random: Random) {
  const { records } = directory;
  const certificate = (account: string, name: string | undefined): CertificateRecord => {
    const found = records.get('certificate', account, name ?? '');
    if (found === undefined) throw missing(name);
    return found;
  };
  const edit = (
    account: string,
    name: string | undefined,
    change: (found: CertificateRecord) => CertificateRecord,
  ): Promise<void> =>
    records.change((draft) => {
      const found = draft.get('certificate', account, name ?? '');
      if (found === undefined) throw missing(name);
      const next = change(found);
      if (next.name !== found.name) {
        if (draft.get('certificate', account, next.name) !== undefined) throw taken(next.name);
        draft.delete('certificate', account, found.name);
      }
      draft.put('certificate', account, next.name, next);
    });
  const taken = (name: string): Error => exists(`The Server Certificate with name ${name} already exists.`);

  return {
    async UploadServerCertificate(input, call) {
      const { ServerCertificateName: name = '', Path: path = '/', CertificateBody: body = '', CertificateChain: chain } = input;
      const { validTo } = checkPair(body, input.PrivateKey ?? '');
      const made: CertificateRecord = {
        name,
        path,
        id: uniqueId('ASCA', random),
        arn: `arn:aws:iam::${call.account}:server-certificate${path}${name}`,
        body,
        ...(chain === undefined ? {} : { chain }),
        uploadedAt: directory.nowMs(),
        expiresAt: Date.parse(validTo),
        tags: withTags({}, input.Tags),
      };
      await records.change((draft) => {
        if (draft.get('certificate', call.account, name) !== undefined) throw taken(name);
        draft.put('certificate', call.account, name, made);
      });
      return {
        ServerCertificateMetadata: metadataOf(made),
        ...(Object.keys(made.tags).length === 0 ? {} : { Tags: tagList(made.tags) }),
      };
    },
    GetServerCertificate: async (input, call) => {
      const found = certificate(call.account, input.ServerCertificateName);
      return {
        ServerCertificate: {
          ServerCertificateMetadata: metadataOf(found),
          CertificateBody: found.body,
          ...(found.chain === undefined ? {} : { CertificateChain: found.chain }),
          Tags: tagList(found.tags),
        },
      };
    },
    ListServerCertificates: async (input, call) => {
      const prefix = input.PathPrefix ?? '/';
      const found = records.list('certificate', call.account).filter(({ path }) => path.startsWith(prefix));
      const page = pageIn(found, input, ({ name }) => name);
      return { ServerCertificateMetadataList: page.items.map(metadataOf), ...page.more };
    },
    async UpdateServerCertificate(input, call) {
      await edit(call.account, input.ServerCertificateName, (found) => {
        const { NewServerCertificateName: name = found.name, NewPath: path = found.path } = input;
        return { ...found, name, path, arn: `arn:aws:iam::${call.account}:server-certificate${path}${name}` };
      });
      return {};
    },
    async DeleteServerCertificate(input, call) {
      await records.change((draft) => {
        if (!draft.delete('certificate', call.account, input.ServerCertificateName ?? ''))
          throw missing(input.ServerCertificateName);
      });
      return {};
    },
    async TagServerCertificate(input, call) {
      await edit(call.account, input.ServerCertificateName, (found) => ({ ...found, tags: withTags(found.tags, input.Tags) }));
      return {};
    },
    async UntagServerCertificate(input, call) {
      await edit(call.account, input.ServerCertificateName, (found) => ({
        ...found,
        tags: withoutTags(found.tags, input.TagKeys),
      }));
      return {};
    },
    ListServerCertificateTags: async (input, call) =>
      directory.listTags(certificate(call.account, input.ServerCertificateName).tags, input),
  } satisfies IamHandlers;
}

const metadataOf = ({ path, name, id, arn, uploadedAt, expiresAt }: CertificateRecord) => ({
  Path: path,
  ServerCertificateName: name,
  ServerCertificateId: id,
  Arn: arn,
  UploadDate: new Date(uploadedAt),
  Expiration: new Date(expiresAt),
});

/** @throws MalformedCertificate, KeyPairMismatch */
function checkPair(body: string, privateKey: string): X509Certificate {
  let certificate: X509Certificate;
  let fits: boolean;
  try {
    certificate = new X509Certificate(body);
  } catch {
    throw malformed('MalformedCertificate', 'Unable to parse certificate. Please ensure the certificate is in PEM format.');
  }
  try {
    fits = certificate.checkPrivateKey(createPrivateKey(privateKey));
  } catch {
    throw malformed('MalformedCertificate', 'Unable to parse key; the body must match BEGIN/END and be in PEM format.');
  }
  if (!fits) throw malformed('KeyPairMismatch', 'The public key certificate and the private key do not match.');
  return certificate;
}
