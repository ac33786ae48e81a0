import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { suite, test, type TestContext } from 'node:test';
import * as sdk from '@aws-sdk/client-iam';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { openStreet } from '../../../../../test/kit/street.ts';
import { systemClock, systemRandom } from '../../base/index.ts';
import { Keys } from '../keys/index.ts';
import { MasterKey } from '../kit/index.ts';
import { certificate, pemOf } from '../kit/certificate.ts';
import { openIam } from './index.ts';

async function openTown() {
  const stack = new AsyncDisposableStack();
  const database = stack.use(new PlainDatabase());
  const common = { database, clock: systemClock, random: systemRandom };
  const keys = await Keys.open({ ...common, masterKey: new MasterKey(new Uint8Array(32), systemRandom) });
  stack.defer(() => keys.settled());
  const service = stack.use(await openIam({ ...common, keys }));
  const street = stack.use(await openStreet({ iam: service.handlers }));
  const iam = new sdk.IAM(street.client);
  stack.defer(() => iam.destroy());
  return { iam, database, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

function pair(name: string) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const fromMs = Date.now();
  return {
    PrivateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    CertificateBody: pemOf(
      certificate({
        name,
        publicKey: createPublicKey(privateKey),
        issuer: { name, privateKey },
        fromMs,
        untilMs: fromMs + 31_536_000_000,
      }),
    ),
  };
}

const metadata = (more = ''): string =>
  `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example.com"${more}>${' '.repeat(1000)}</EntityDescriptor>`;

suite('whom an account trusts', { timeout: 60_000 }, () => {
  test('a provider of SAML is kept with its metadata, until that ends', async (t: TestContext) => {
    await using town = await openTown();
    const { iam } = town;
    const made = { Name: 'idp', SAMLMetadataDocument: metadata(' validUntil="2030-01-01T00:00:00Z"') };
    const { SAMLProviderArn } = await iam.createSAMLProvider({ ...made, Tags: [{ Key: 'a', Value: 'b' }] });
    t.assert.equal(SAMLProviderArn, 'arn:aws:iam::000000000000:saml-provider/idp');
    await t.assert.rejects(iam.createSAMLProvider(made), { name: 'EntityAlreadyExistsException' });
    const shown = await iam.getSAMLProvider({ SAMLProviderArn });
    t.assert.equal(shown.SAMLMetadataDocument, made.SAMLMetadataDocument);
    t.assert.deepEqual([shown.ValidUntil, shown.Tags], [new Date('2030-01-01T00:00:00Z'), [{ Key: 'a', Value: 'b' }]]);
    const unreadable = iam.updateSAMLProvider({ SAMLProviderArn, SAMLMetadataDocument: `<html>${'x'.repeat(1000)}</html>` });
    await t.assert.rejects(unreadable, { name: 'InvalidInputException', message: 'Could not parse metadata' });
    await iam.updateSAMLProvider({ SAMLProviderArn, SAMLMetadataDocument: metadata() });
    t.assert.equal((await iam.listSAMLProviders({})).SAMLProviderList?.length, 1);
    await iam.deleteSAMLProvider({ SAMLProviderArn });
    await t.assert.rejects(iam.getSAMLProvider({ SAMLProviderArn }), { name: 'NoSuchEntityException' });
  });

  test('a certificate of a server comes with its key, which is not kept', async (t: TestContext) => {
    await using town = await openTown();
    const { iam } = town;
    const ServerCertificateName = 'site';
    const [mine, other] = [pair('site'), pair('other')];
    const upload = (more: object) => iam.uploadServerCertificate({ ServerCertificateName, Path: '/web/', ...mine, ...more });
    await t.assert.rejects(upload({ CertificateBody: 'x' }), { name: 'MalformedCertificateException' });
    await t.assert.rejects(upload({ PrivateKey: other.PrivateKey }), { name: 'KeyPairMismatchException' });
    const { ServerCertificateMetadata } = await upload({});
    t.assert.equal(ServerCertificateMetadata?.Arn, 'arn:aws:iam::000000000000:server-certificate/web/site');
    await t.assert.rejects(upload({}), { name: 'EntityAlreadyExistsException' });
    const { ServerCertificate } = await iam.getServerCertificate({ ServerCertificateName });
    t.assert.equal(ServerCertificate?.CertificateBody, mine.CertificateBody);
    const rows = JSON.stringify(await town.database.all('SELECT * FROM service_record'));
    t.assert.ok(rows.includes('BEGIN CERTIFICATE') && !rows.includes('PRIVATE KEY'));
    await iam.updateServerCertificate({ ServerCertificateName, NewServerCertificateName: 'moved' });
    const { ServerCertificateMetadataList } = await iam.listServerCertificates({ PathPrefix: '/web/' });
    t.assert.deepEqual(
      ServerCertificateMetadataList?.map(({ Arn }) => Arn),
      ['arn:aws:iam::000000000000:server-certificate/web/moved'],
    );
    await iam.deleteServerCertificate({ ServerCertificateName: 'moved' });
    await t.assert.rejects(iam.getServerCertificate({ ServerCertificateName: 'moved' }), { name: 'NoSuchEntityException' });
  });

  test('policies tell what else they look at', async (t: TestContext) => {
    await using town = await openTown();
    const statement = {
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::b/${aws:username}/*',
      Condition: { StringEquals: { 'aws:SourceVpc': 'v' }, Bool: { 'aws:SecureTransport': 'true' } },
    };
    const PolicyInputList = [JSON.stringify({ Version: '2012-10-17', Statement: [statement] })];
    const { ContextKeyNames } = await town.iam.getContextKeysForCustomPolicy({ PolicyInputList });
    t.assert.deepEqual(ContextKeyNames, ['aws:SourceVpc', 'aws:SecureTransport', 'aws:username']);
    const nobody = { PolicySourceArn: 'arn:aws:iam::000000000000:user/nobody' };
    await t.assert.rejects(town.iam.getContextKeysForPrincipalPolicy(nobody), { name: 'NoSuchEntityException' });
  });
});
