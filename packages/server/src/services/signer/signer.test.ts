import * as sdk from '@aws-sdk/client-signer';
import { createHash, generateKeyPairSync, createPublicKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { ServiceFault } from '@mayfly/wire';
import { silentLogger, systemRandom } from '../../base/index.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { temporaryFolder } from '../../../../../test/kit/server.ts';
import { openStreet } from '../../../../../test/kit/street.ts';
import { VirtualClock } from '../../../../../test/kit/virtual-clock.ts';
import { certificate } from '../kit/certificate.ts';
import { MasterKey } from '../kit/index.ts';
import { writeCodeSignature } from './code-signature.ts';
import { openSigner } from './index.ts';

const lambda = 'AWSLambda-SHA384-ECDSA';
const notation = 'Notation-OCI-SHA384-ECDSA';
const payloadFormat = 'application/vnd.cncf.notary.payload.v1+json';
const epochMs = Date.parse('2026-11-24T12:00:00Z');
const account = '000000000000';
const manifestSha256 = createHash('sha256').update('manifest').digest('hex');

interface TownOptions {
  readonly folder: string;
  readonly clock?: VirtualClock;
  readonly masterKey?: MasterKey;
  /** What takes the place of the archive's being read and written. */
  readonly sealing?: () => Promise<void>;
}

/** The signer behind a door; buckets are a map, and an archive that is sealed is its signature. */
async function openTown(options: TownOptions) {
  const stack = new AsyncDisposableStack();
  const clock = options.clock ?? new VirtualClock({ epochMs });
  const database = stack.use(new PlainDatabase(path.join(options.folder, 'db')));
  const objects = new Map<string, string>([['b/code.zip@1', 'zip']]);
  const puts: string[] = [];
  const service = stack.use(
    await openSigner({
      database,
      authorityFile: path.join(options.folder, 'keys', 'signing-authority.json'),
      masterKey: options.masterKey ?? new MasterKey(new Uint8Array(32), systemRandom),
      clock,
      random: systemRandom,
      log: silentLogger,
      ports: {
        buckets: {
          get: async (bucket, key, version) => {
            const found = objects.get(`${bucket}/${key}@${version}`);
            if (found === undefined) throw new ServiceFault('NoSuchVersion', 'The specified version does not exist.');
            return { bytes: found.length, etag: '', body: bodyOf(found) };
          },
          put: async (bucket, key, body) => {
            const chunks: Uint8Array[] = [];
            for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(chunk);
            puts.push(`${bucket}/${key}`);
            objects.set(`${bucket}/${key}@1`, Buffer.concat(chunks).toString());
            return { etag: '' };
          },
        },
        archives: {
          seal: async (_zip, { sign }) => {
            await options.sealing?.();
            return { body: bodyOf(sign(manifestSha256)), [Symbol.asyncDispose]: () => Promise.resolve() };
          },
        },
      },
    }),
  );
  const street = stack.use(await openStreet({ signer: service.handlers }));
  const clientOf = (accessKeyId: string): sdk.Signer => {
    const client = new sdk.Signer({
      ...street.client,
      disableHostPrefix: true,
      credentials: { accessKeyId, secretAccessKey: 'x' },
    });
    stack.defer(() => client.destroy());
    return client;
  };
  const signer = clientOf(account);
  return {
    clock,
    signer,
    clientOf,
    objects,
    puts,
    port: service.port,
    stop: () => service[Symbol.asyncDispose](),
    profile: (name: string, more: Partial<sdk.PutSigningProfileCommandInput> = {}) =>
      signer.putSigningProfile({ profileName: name, platformId: lambda, ...more }),
    start: (profileName: string, more: Partial<sdk.StartSigningJobCommandInput> = {}) =>
      signer.startSigningJob({
        profileName,
        source: { s3: { bucketName: 'b', key: 'code.zip', version: '1' } },
        destination: { s3: { bucketName: 'out', prefix: 'signed/' } },
        ...more,
      }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function* bodyOf(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text);
}

/** A job that has ended: the SDK's own waiter asks until it is. */
async function ended(signer: sdk.Signer, jobId: string | undefined): Promise<sdk.DescribeSigningJobCommandOutput> {
  await sdk
    .waitUntilSuccessfulSigningJob({ client: signer, maxWaitTime: 20, minDelay: 1, maxDelay: 1 }, { jobId })
    .catch(() => undefined);
  return signer.describeSigningJob({ jobId });
}

suite('AWS Signer, asked by the real SDK client', { timeout: 60_000 }, () => {
  test('a profile is made, shown, listed, tagged and canceled, and its name is used up', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using town = await openTown({ folder: folder.path });
    const { signer } = town;
    const made = await town.profile('code', { tags: { team: 'a' }, signatureValidityPeriod: { value: 3, type: 'YEARS' } });
    t.assert.equal(made.arn, `arn:aws:signer:us-east-1:${account}:/signing-profiles/code`);
    t.assert.match(made.profileVersion ?? '', /^[a-zA-Z0-9]{10}$/);
    t.assert.equal(made.profileVersionArn, `${made.arn}/${made.profileVersion}`);
    const { $metadata: _ignored, ...shown } = await signer.getSigningProfile({ profileName: 'code' });
    t.assert.deepEqual(shown, {
      profileName: 'code',
      ...{ arn: made.arn, profileVersion: made.profileVersion, profileVersionArn: made.profileVersionArn },
      platformId: lambda,
      platformDisplayName: 'AWS Lambda',
      signatureValidityPeriod: { value: 3, type: 'YEARS' },
      status: 'Active',
      tags: { team: 'a' },
    });
    await signer.tagResource({ resourceArn: made.arn, tags: { tier: 'b' } });
    await signer.untagResource({ resourceArn: made.arn, tagKeys: ['team'] });
    t.assert.deepEqual((await signer.listTagsForResource({ resourceArn: made.arn })).tags, { tier: 'b' });
    await signer.cancelSigningProfile({ profileName: 'code' });
    t.assert.equal((await signer.getSigningProfile({ profileName: 'code' })).status, 'Canceled');
    t.assert.deepEqual((await signer.listSigningProfiles({})).profiles, []);
    t.assert.equal((await signer.listSigningProfiles({ includeCanceled: true })).profiles?.length, 1);
    await t.assert.rejects(town.profile('code'), { name: 'ValidationException' });
    await t.assert.rejects(town.start('code'), { name: 'ValidationException' });
    await t.assert.rejects(signer.getSigningProfile({ profileName: 'none' }), { name: 'ResourceNotFoundException' });
    await t.assert.rejects(signer.listTagsForResource({ resourceArn: `${made.arn}no` }), { name: 'NotFoundException' });
  });

  test('what a profile cannot be is refused', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using town = await openTown({ folder: folder.path });
    await t.assert.rejects(town.profile('ab', { platformId: 'none' }), { name: 'ResourceNotFoundException' });
    await t.assert.rejects(town.profile('no-hyphens'), { name: 'ValidationException' });
    for (const [value, type] of [
      [136, 'MONTHS'],
      [12, 'YEARS'],
      [0, 'DAYS'],
      [4200, 'DAYS'],
    ] as const)
      await t.assert.rejects(town.profile('ab', { signatureValidityPeriod: { value, type } }), { name: 'ValidationException' });
    const { platforms } = await town.signer.listSigningPlatforms({});
    t.assert.deepEqual(
      platforms?.map(({ platformId }) => platformId),
      [lambda, notation],
    );
    t.assert.equal((await town.signer.getSigningPlatform({ platformId: lambda })).maxSizeInMB, 250);
  });

  test('an object is signed, its copy lies where it was wanted, and the signature says who, what and how long', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using town = await openTown({ folder: folder.path });
    const { profileVersionArn, profileVersion } = await town.profile('code', {
      signatureValidityPeriod: { value: 1, type: 'MONTHS' },
    });
    const { jobId, jobOwner } = await town.start('code');
    t.assert.equal(jobOwner, account);
    const { $metadata: _ignored, ...job } = await ended(town.signer, jobId);
    t.assert.deepEqual(job, {
      jobId,
      source: { s3: { bucketName: 'b', key: 'code.zip', version: '1' } },
      signedObject: { s3: { bucketName: 'out', key: `signed/${jobId}.zip` } },
      platformId: lambda,
      platformDisplayName: 'AWS Lambda',
      profileName: 'code',
      profileVersion,
      createdAt: new Date(epochMs),
      completedAt: new Date(epochMs),
      signatureExpiresAt: new Date('2026-12-24T12:00:00Z'),
      requestedBy: `arn:aws:iam::${account}:root`,
      status: 'Succeeded',
      statusReason: 'Signing Succeeded',
      jobOwner: account,
      jobInvoker: account,
    });
    const signature = town.objects.get(`out/signed/${jobId}.zip@1`) ?? '';
    const said = {
      manifestSha256,
      profileVersionArn,
      jobArn: `arn:aws:signer:us-east-1:${account}:/signing-jobs/${jobId}`,
      signedAtMs: epochMs,
      expiresAtMs: Date.parse('2026-12-24T12:00:00Z'),
    };
    t.assert.deepEqual(town.port.read(signature), said);
    t.assert.equal(town.port.isRevoked(said as Parameters<typeof town.port.isRevoked>[0]), false);
    t.assert.deepEqual(
      (await town.signer.listSigningJobs({ platformId: lambda })).jobs?.map((each) => [each.jobId, each.status, each.isRevoked]),
      [[jobId, 'Succeeded', false]],
    );
  });

  test('the same token begins a job once, and stands for no other', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using town = await openTown({ folder: folder.path });
    await town.profile('code');
    const [first, second] = await Promise.all([
      town.start('code', { clientRequestToken: 'one' }),
      town.start('code', { clientRequestToken: 'one' }),
    ]);
    t.assert.equal(first.jobId, second.jobId);
    t.assert.equal((await town.signer.listSigningJobs({})).jobs?.length, 1);
    const other = { s3: { bucketName: 'elsewhere' } };
    await t.assert.rejects(town.start('code', { clientRequestToken: 'one', destination: other }), {
      name: 'ValidationException',
    });
    await ended(town.signer, first.jobId);
    t.assert.deepEqual(town.puts, [`out/signed/${first.jobId}.zip`]);
  });

  test('what cannot be read or is no archive fails in sight', async (t: TestContext) => {
    using folder = temporaryFolder();
    const refused = new ServiceFault('InvalidParameterValueException', 'Could not unzip uploaded file.');
    let isBad = false;
    await using town = await openTown({
      folder: folder.path,
      sealing: () => (isBad ? Promise.reject(refused) : Promise.resolve()),
    });
    await town.profile('code');
    const missing = await town.start('code', { source: { s3: { bucketName: 'b', key: 'none', version: '1' } } });
    const one = await ended(town.signer, missing.jobId);
    t.assert.deepEqual([one.status, one.statusReason], ['Failed', 'NoSuchVersion: The specified version does not exist.']);
    t.assert.equal(one.signedObject, undefined);
    isBad = true;
    const two = await ended(town.signer, (await town.start('code')).jobId);
    t.assert.deepEqual(
      [two.status, two.statusReason],
      ['Failed', 'InvalidParameterValueException: Could not unzip uploaded file.'],
    );
    await t.assert.rejects(town.signer.revokeSignature({ jobId: two.jobId, reason: 'r' }), { name: 'ValidationException' });
  });

  test('profiles, signatures and a job that a stop cut short outlive the server', async (t: TestContext) => {
    using folder = temporaryFolder();
    const clock = new VirtualClock({ epochMs });
    const begun = Promise.withResolvers<void>();
    let signature: string;
    let jobId: string | undefined;
    {
      const stuck = Promise.withResolvers<void>();
      let isFirst = true;
      await using town = await openTown({
        folder: folder.path,
        clock,
        sealing: async () => {
          if (isFirst) return;
          begun.resolve();
          await stuck.promise;
        },
      });
      await town.profile('code');
      const first = await ended(town.signer, (await town.start('code')).jobId);
      signature = town.objects.get(`out/${first.signedObject?.s3?.key}@1`) ?? '';
      isFirst = false;
      ({ jobId } = await town.start('code'));
      await begun.promise;
      const closing = town.stop();
      stuck.resolve();
      await closing;
      t.assert.equal(town.puts.length, 1);
    }
    await using town = await openTown({ folder: folder.path, clock });
    t.assert.equal(town.port.read(signature)?.manifestSha256, manifestSha256);
    t.assert.equal((await ended(town.signer, jobId)).status, 'Succeeded');
    t.assert.deepEqual(town.puts, [`out/signed/${jobId}.zip`]);
  });

  test('the key that vouches lies sealed among the keys, and another master key does not open it', async (t: TestContext) => {
    using folder = temporaryFolder();
    const file = path.join(folder.path, 'keys', 'signing-authority.json');
    {
      await using town = await openTown({ folder: folder.path });
      await Promise.all([town.profile('one'), town.profile('two')]);
    }
    t.assert.equal(statSync(file).mode & 0o777, 0o600);
    const other = new MasterKey(new Uint8Array(32).fill(1), systemRandom);
    await t.assert.rejects(openTown({ folder: folder.path, masterKey: other }), { code: 'SIGNING_AUTHORITY_DAMAGED' });
    writeFileSync(file, readFileSync(file).subarray(0, 100));
    await t.assert.rejects(openTown({ folder: folder.path }), { code: 'SIGNING_AUTHORITY_DAMAGED' });
  });

  test('a signature that was taken back is told, and so is what a version signed after a moment', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using town = await openTown({ folder: folder.path });
    const { signer, clock } = town;
    const made = await town.profile('code');
    const early = await ended(signer, (await town.start('code')).jobId);
    const mistaken = await ended(signer, (await town.start('code')).jobId);
    await clock.advance(3_600_000);
    const late = await ended(signer, (await town.start('code')).jobId);
    const read = (job: sdk.DescribeSigningJobCommandOutput) => {
      const said = town.port.read(town.objects.get(`out/${job.signedObject?.s3?.key}@1`) ?? '');
      if (said === undefined) throw new Error('no signature');
      return said;
    };
    await signer.revokeSignature({ jobId: mistaken.jobId, reason: 'a mistake' });
    const { revocationRecord } = await signer.describeSigningJob({ jobId: mistaken.jobId });
    t.assert.equal(revocationRecord?.reason, 'a mistake');
    t.assert.equal((await signer.listSigningJobs({ isRevoked: true })).jobs?.length, 1);
    await t.assert.rejects(signer.revokeSignature({ jobId: mistaken.jobId, reason: 'again' }), { name: 'ValidationException' });
    await signer.revokeSigningProfile({
      profileName: 'code',
      profileVersion: made.profileVersion,
      reason: 'a key went astray',
      effectiveTime: new Date(epochMs + 1000),
    });
    t.assert.deepEqual(
      [early, mistaken, late].map((job) => town.port.isRevoked(read(job))),
      [false, true, true],
    );
    const asked = { signatureTimestamp: new Date(read(late).signedAtMs), platformId: lambda, certificateHashes: ['00'] };
    const about = { profileVersionArn: made.profileVersionArn, jobArn: read(mistaken).jobArn };
    t.assert.deepEqual((await signer.getRevocationStatus({ ...asked, ...about })).revokedEntities, [
      read(mistaken).jobArn,
      made.profileVersionArn,
    ]);
    const shown = await signer.getSigningProfile({ profileName: 'code' });
    t.assert.deepEqual([shown.status, shown.statusReason], ['Revoked', 'a key went astray']);
    t.assert.deepEqual(shown.revocationRecord?.revocationEffectiveFrom, new Date(epochMs + 1000));
    await t.assert.rejects(town.start('code'), { name: 'ValidationException' });
    // A new version, with a key of its own, signs again.
    const next = await town.profile('code');
    t.assert.notEqual(next.profileVersion, made.profileVersion);
    t.assert.equal((await signer.getSigningProfile({ profileName: 'code' })).status, 'Active');
    t.assert.equal(town.port.isRevoked(read(await ended(signer, (await town.start('code')).jobId))), false);
  });

  test('a signature of another authority, of another kind, or touched, is none', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using town = await openTown({ folder: folder.path });
    const { profileVersionArn = '' } = await town.profile('code');
    const job = await ended(town.signer, (await town.start('code')).jobId);
    const signature = town.objects.get(`out/${job.signedObject?.s3?.key}@1`) ?? '';
    const jws = JSON.parse(signature) as Record<'payload' | 'protected' | 'signature', string>;
    const decoded = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
    const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const touched = {
      'what it says': { ...jws, payload: encoded({ ...decoded(jws.payload), expiresAt: '2099-01-01T00:00:00.000Z' }) },
      'its header': { ...jws, protected: encoded({ ...decoded(jws.protected), x: 1 }) },
      'its algorithm': { ...jws, protected: encoded({ ...decoded(jws.protected), alg: 'none' }), signature: '' },
      'its bytes': {
        ...jws,
        signature: jws.signature.startsWith('A') ? `B${jws.signature.slice(1)}` : `A${jws.signature.slice(1)}`,
      },
      'its length': { ...jws, signature: jws.signature.slice(4) },
    };
    for (const [what, value] of Object.entries(touched)) t.assert.equal(town.port.read(JSON.stringify(value)), undefined, what);
    for (const text of ['', 'null', '[]', '{}', '{"payload":1}', signature.slice(1)])
      t.assert.equal(town.port.read(text), undefined);

    // Another authority of the same name, whose certificate says just what ours does.
    const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    const [foreign, own] = [newKey(), newKey()];
    const vouched = certificate({
      name: 'code',
      publicKey: createPublicKey(own),
      issuer: { name: 'Mayfly code signing', privateKey: foreign },
      use: { kind: 'code', uri: profileVersionArn },
      fromMs: epochMs - 1000,
      untilMs: epochMs + 1e10,
    });
    const said = { manifestSha256, profileVersionArn, jobArn: 'j', signedAtMs: epochMs, expiresAtMs: epochMs + 1e9 };
    t.assert.equal(town.port.read(writeCodeSignature(said, { privateKey: own, certificates: [vouched] })), undefined);
    // And a certificate of ours with a signature of somebody else's.
    const [ours = ''] = decoded(jws.protected)['x5c'] as string[];
    const stolen = writeCodeSignature(said, { privateKey: own, certificates: [Buffer.from(ours, 'base64')] });
    t.assert.equal(town.port.read(stolen), undefined);
  });

  test('a payload is signed as notation reads it, and never passes for code', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using town = await openTown({ folder: folder.path });
    const { profileVersionArn } = await town.profile('images', { platformId: notation });
    // What a signature over code would say.
    const payload = Buffer.from(JSON.stringify({ manifest: { sha256: manifestSha256 }, profileVersion: profileVersionArn }));
    const signed = await town.signer.signPayload({ profileName: 'images', payload, payloadFormat });
    const text = Buffer.from(signed.signature ?? []).toString();
    const jws = JSON.parse(text) as { payload: string; protected: string; header: { x5c: string[] }; signature: string };
    t.assert.deepEqual(Buffer.from(jws.payload, 'base64url'), payload);
    const header = JSON.parse(Buffer.from(jws.protected, 'base64url').toString()) as Record<string, unknown>;
    t.assert.equal(header['cty'], payloadFormat);
    t.assert.equal(header['io.cncf.notary.signingScheme'], 'notary.x509.signingAuthority');
    t.assert.equal(header['io.cncf.notary.authenticSigningTime'], '2026-11-24T12:00:00Z');
    t.assert.equal(header['com.amazonaws.signer.signingProfileVersion'], profileVersionArn);
    const [leaf, root] = jws.header.x5c.map((each) => new X509Certificate(Buffer.from(each, 'base64')));
    t.assert.ok(leaf !== undefined && root !== undefined && leaf.verify(root.publicKey) && root.ca);
    t.assert.equal(town.port.read(text), undefined);
    t.assert.equal((await town.signer.describeSigningJob({ jobId: signed.jobId })).status, 'Succeeded');
    await t.assert.rejects(town.start('images'), { name: 'ValidationException' });
    await t.assert.rejects(town.signer.signPayload({ profileName: 'images', payload, payloadFormat: 'text/plain' }), {
      name: 'ValidationException',
    });
    await town.profile('code');
    await t.assert.rejects(town.signer.signPayload({ profileName: 'code', payload, payloadFormat }), {
      name: 'ValidationException',
    });
  });

  test('permissions of a profile are its policy, and change one revision after another', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using town = await openTown({ folder: folder.path });
    const { signer } = town;
    const made = await town.profile('code');
    const other = '222222222222';
    const permission = { profileName: 'code', action: 'signer:StartSigningJob', principal: other };
    await t.assert.rejects(signer.listProfilePermissions({ profileName: 'code' }), { name: 'ResourceNotFoundException' });
    const { revisionId } = await signer.addProfilePermission({ ...permission, statementId: 'a', revisionId: '' });
    await t.assert.rejects(signer.addProfilePermission({ ...permission, statementId: 'a' }), { name: 'ConflictException' });
    await t.assert.rejects(signer.addProfilePermission({ ...permission, statementId: 'b', revisionId: 'old' }), {
      name: 'ConflictException',
    });
    await t.assert.rejects(signer.addProfilePermission({ ...permission, statementId: 'b', action: 'signer:*' }), {
      name: 'ValidationException',
    });
    await signer.addProfilePermission({ ...permission, statementId: 'b', revisionId, profileVersion: made.profileVersion });
    const listed = await signer.listProfilePermissions({ profileName: 'code' });
    t.assert.deepEqual(listed.permissions, [
      { statementId: 'a', action: 'signer:StartSigningJob', principal: other },
      { statementId: 'b', action: 'signer:StartSigningJob', principal: other, profileVersion: made.profileVersion },
    ]);
    const policy = JSON.parse(town.port.policy(made.arn ?? '') ?? '') as { Statement: object[] };
    t.assert.deepEqual(policy.Statement[1], {
      Sid: 'b',
      Effect: 'Allow',
      Principal: { AWS: other },
      Action: 'signer:StartSigningJob',
      Resource: made.arn,
      Condition: { StringEquals: { 'signer:ProfileVersion': made.profileVersion } },
    });
    // The job is the owner's, and whoever began it sees it too.
    const theirs = town.clientOf(other);
    const { jobId, jobOwner } = await theirs.startSigningJob({
      profileName: 'code',
      profileOwner: account,
      source: { s3: { bucketName: 'b', key: 'code.zip', version: '1' } },
      destination: { s3: { bucketName: 'out' } },
    });
    t.assert.equal(jobOwner, account);
    const job = await ended(theirs, jobId);
    t.assert.deepEqual([job.status, job.jobInvoker, job.signedObject?.s3?.key], ['Succeeded', other, `${jobId}.zip`]);
    t.assert.equal((await signer.listSigningJobs({ jobInvoker: other })).jobs?.length, 1);
    await theirs.revokeSignature({ jobId, jobOwner, reason: 'ours' });
    await signer.removeProfilePermission({ profileName: 'code', statementId: 'b', revisionId: listed.revisionId });
    t.assert.equal((await signer.listProfilePermissions({ profileName: 'code' })).permissions?.length, 1);
  });
});
