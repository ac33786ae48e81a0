import { after, before, suite, test, type TestContext } from 'node:test';
import path from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { CloudWatch } from '@aws-sdk/client-cloudwatch';
import { IAM } from '@aws-sdk/client-iam';
import { Lambda, waitUntilFunctionActiveV2 } from '@aws-sdk/client-lambda';
import { S3 } from '@aws-sdk/client-s3';
import { Signer, waitUntilSuccessfulSigningJob } from '@aws-sdk/client-signer';
import { silentLogger, systemClock, systemRandom } from '../../packages/server/src/base/index.ts';
import { zipOf as zipByHand, type Part } from '../../packages/server/src/control/code/zip.kit.ts';
import { Keys, MasterKey } from '../../packages/server/src/services/index.ts';
import { openStorage } from '../../packages/server/src/storage/index.ts';
import { invoke, role } from '../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';

const account = '000000000000';
const stranger = '111122223333';
const platformId = 'AWSLambda-SHA384-ECDSA';
const handler = (answer: string): Part => ({ name: 'index.js', content: `exports.handler = async () => '${answer}'` });

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The clients of somebody, and the way from an archive to a signed one. */
function clientsOf(origin: string, credentials: Credentials = { accessKeyId: account, secretAccessKey: 'x' }) {
  const to = { endpoint: origin, region: 'us-east-1', maxAttempts: 1, credentials };
  const [lambda, s3, signer] = [new Lambda(to), new S3({ ...to, forcePathStyle: true }), new Signer(to)];
  const sign = async (profileName: string, zip: Uint8Array, more: { readonly profileOwner?: string } = {}) => {
    await s3.putObject({ Bucket: 'code', Key: 'code.zip', Body: zip });
    const { VersionId: version = '' } = await s3.headObject({ Bucket: 'code', Key: 'code.zip' });
    const { jobId, jobOwner } = await signer.startSigningJob({
      profileName,
      source: { s3: { bucketName: 'code', key: 'code.zip', version } },
      destination: { s3: { bucketName: 'code', prefix: 'signed/' } },
      ...more,
    });
    await waitUntilSuccessfulSigningJob({ client: signer, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { jobId });
    const key = `signed/${jobId}.zip`;
    const object = await s3.getObject({ Bucket: 'code', Key: key });
    return {
      jobId,
      jobArn: `arn:aws:signer:us-east-1:${jobOwner}:/signing-jobs/${jobId}`,
      key,
      bytes: (await object.Body?.transformToByteArray()) ?? new Uint8Array(),
    };
  };
  return {
    lambda,
    s3,
    signer,
    sign,
    bucket: async () => {
      await s3.createBucket({ Bucket: 'code' });
      await s3.putBucketVersioning({ Bucket: 'code', VersioningConfiguration: { Status: 'Enabled' } });
    },
    profile: (profileName: string) => signer.putSigningProfile({ profileName, platformId }),
    config: async (policy: 'Warn' | 'Enforce', ...arns: readonly (string | undefined)[]): Promise<string> => {
      const made = await lambda.createCodeSigningConfig({
        AllowedPublishers: { SigningProfileVersionArns: arns.map(String) },
        CodeSigningPolicies: { UntrustedArtifactOnDeployment: policy },
      });
      return made.CodeSigningConfig?.CodeSigningConfigArn ?? '';
    },
    create: (FunctionName: string, CodeSigningConfigArn: string | undefined, Code: object, Layers: string[] = []) =>
      lambda.createFunction({
        FunctionName,
        Role: role,
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Code,
        Layers,
        ...(CodeSigningConfigArn === undefined ? {} : { CodeSigningConfigArn }),
      }),
    destroy: () => [lambda, s3, signer].forEach((client) => client.destroy()),
  };
}

suite('signed code, from the profile to the call', { timeout: 180_000 }, () => {
  const folder = temporaryFolder();
  let server: RunningServer;
  let clients: ReturnType<typeof clientsOf>;

  before(async () => {
    server = await RunningServer.start(path.join(folder.path, 'one'), ['--pool-size', '0']);
    clients = clientsOf(server.origin);
    await clients.bucket();
  });
  after(async () => {
    clients.destroy();
    await server.stop();
    folder[Symbol.dispose]();
  });

  test('what a publisher signed is deployed, shows who signed it, and runs', async (t: TestContext) => {
    const { lambda, config, profile, sign, create } = clients;
    const { profileVersionArn } = await profile('publisher');
    const Enforce = await config('Enforce', profileVersionArn);
    const code = await sign('publisher', zipByHand([handler('signed')]));
    const layer = await sign('publisher', zipByHand([{ name: 'word.txt', content: 'x', deflate: true }]));
    const published = await lambda.publishLayerVersion({ LayerName: 'words', Content: { ZipFile: layer.bytes } });
    t.assert.deepEqual(
      [published.Content?.SigningProfileVersionArn, published.Content?.SigningJobArn],
      [profileVersionArn, layer.jobArn],
    );
    const made = await create('signed', Enforce, { S3Bucket: 'code', S3Key: code.key }, [published.LayerVersionArn ?? '']);
    t.assert.deepEqual([made.SigningProfileVersionArn, made.SigningJobArn], [profileVersionArn, code.jobArn]);
    t.assert.equal(made.Layers?.[0]?.SigningJobArn, layer.jobArn);
    await waitUntilFunctionActiveV2(
      { client: lambda, maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.5 },
      { FunctionName: 'signed' },
    );
    t.assert.equal((await invoke(lambda, 'signed')).answer, 'signed');
  });

  test('Enforce refuses code and layers that nobody signed, or somebody else did', async (t: TestContext) => {
    const { lambda, config, profile, sign, create } = clients;
    const { profileVersionArn } = await profile('trusted');
    await profile('another');
    const Enforce = await config('Enforce', profileVersionArn);
    const refused = (name: string) => ({
      name: 'CodeVerificationFailedException',
      message: `Lambda cannot deploy the function. The function or layer might be signed using a signature that the client is not configured to accept. Check the provided signature for ${name}.`,
    });
    const unsigned = zipByHand([handler('unsigned')]);
    const others = await sign('another', unsigned);
    const good = await sign('trusted', unsigned);
    await t.assert.rejects(create('f', Enforce, { ZipFile: unsigned }), refused('f'));
    await t.assert.rejects(create('f', Enforce, { ZipFile: others.bytes }), refused('f'));
    await create('f', Enforce, { ZipFile: good.bytes });
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.5 }, { FunctionName: 'f' });
    await t.assert.rejects(lambda.updateFunctionCode({ FunctionName: 'f', ZipFile: unsigned }), refused('f'));
    await t.assert.rejects(lambda.updateFunctionCode({ FunctionName: 'f', ZipFile: unsigned, DryRun: true }), refused('f'));
    const { LayerVersionArn = '' } = await lambda.publishLayerVersion({ LayerName: 'plain', Content: { ZipFile: unsigned } });
    await t.assert.rejects(
      lambda.updateFunctionConfiguration({ FunctionName: 'f', Layers: [LayerVersionArn] }),
      refused(LayerVersionArn),
    );
    await t.assert.rejects(create('g', Enforce, { ZipFile: good.bytes }, [LayerVersionArn]), refused(LayerVersionArn));
    // Nothing of what was refused is left.
    await t.assert.rejects(lambda.getFunction({ FunctionName: 'g' }), { name: 'ResourceNotFoundException' });
    t.assert.equal((await lambda.getFunctionConfiguration({ FunctionName: 'f' })).SigningJobArn, good.jobArn);
  });

  test('an archive that is not what was signed is refused, also under Warn', async (t: TestContext) => {
    const { lambda, s3, config, profile, sign, create } = clients;
    const { profileVersionArn } = await profile('honest');
    const Warn = await config('Warn', profileVersionArn);
    const parts = [handler('honest'), { name: 'data.txt', content: 'data' }];
    const signed = await sign('honest', zipByHand(parts));
    await create('open', undefined, { ZipFile: signed.bytes });
    // What is in the archive, out of the folder that the server itself unpacked.
    const sealOf = async (zip: Uint8Array): Promise<Part[]> => {
      const { Code } = await lambda.getFunction({ FunctionName: 'open' });
      const again = Buffer.from(await (await fetch(Code?.Location ?? '')).arrayBuffer());
      t.assert.ok(again.equals(zip), 'the archive is given out as it was taken');
      return entriesOf(again).filter(({ name }) => String(name).startsWith('META-INF/'));
    };
    const seal = await sealOf(signed.bytes);
    t.assert.equal(seal.length, 2);
    const notIntact = { name: 'InvalidCodeSignatureException' };
    const changed: Readonly<Record<string, readonly Part[]>> = {
      'a byte changed': [{ ...handler('hostil'), name: 'index.js' }, ...parts.slice(1), ...seal],
      'an entry added': [...parts, { name: 'more.js', content: '' }, ...seal],
      'an entry removed': [...parts.slice(0, 1), ...seal],
      'a manifest that lies': [
        ...parts,
        ...seal.map((part) => (String(part.name).endsWith('manifest') ? { ...part, content: '{}' } : part)),
      ],
      'no manifest': [...parts, ...seal.filter(({ name }) => String(name).endsWith('signature'))],
      'no signature': [...parts, ...seal.filter(({ name }) => String(name).endsWith('manifest'))],
    };
    for (const [how, all] of Object.entries(changed))
      await t.assert.rejects(create('tampered', Warn, { ZipFile: zipByHand(all) }), notIntact, how);
    await t.assert.rejects(
      create('tampered', Warn, { ZipFile: zipByHand([...parts, ...parts, ...seal]) }),
      { message: 'Could not unzip uploaded file. Please check your file, then try to upload again.' },
      'every name twice',
    );
    // Packed by another hand, and the same.
    const repacked = await create('repacked', Warn, { ZipFile: zipByHand([...seal, ...parts].toReversed()) });
    t.assert.equal(repacked.SigningJobArn, signed.jobArn);
    // A layer that was touched is published as what it is, and refused where it is to be trusted.
    const bad = zipByHand([...parts, { name: 'more', content: '' }, ...seal]);
    const layer = await lambda.publishLayerVersion({ LayerName: 'touched', Content: { ZipFile: bad } });
    t.assert.equal(layer.Content?.SigningJobArn, undefined);
    await t.assert.rejects(create('tampered', Warn, { ZipFile: signed.bytes }, [layer.LayerVersionArn ?? '']), notIntact);
    await s3.deleteObject({ Bucket: 'code', Key: signed.key });
  });

  test('Warn deploys what is not trusted, and counts it', async (t: TestContext) => {
    const { config, profile, create } = clients;
    const { profileVersionArn } = await profile('wanted');
    await create('warned', await config('Warn', profileVersionArn), { ZipFile: zipByHand([handler('unsigned')]) });
    const cloudwatch = new CloudWatch({
      endpoint: server.origin,
      region: 'us-east-1',
      credentials: { accessKeyId: account, secretAccessKey: 'x' },
    });
    t.after(() => cloudwatch.destroy());
    const count = async (): Promise<number | undefined> => {
      const { Datapoints } = await cloudwatch.getMetricStatistics({
        Namespace: 'AWS/Lambda',
        MetricName: 'SignatureValidationErrors',
        Dimensions: [{ Name: 'FunctionName', Value: 'warned' }],
        StartTime: new Date(Date.now() - 600_000),
        EndTime: new Date(Date.now() + 600_000),
        Period: 3600,
        Statistics: ['Sum'],
      });
      return Datapoints?.[0]?.Sum;
    };
    // Measurements are added up for a second before they are told.
    const untilMs = Date.now() + 20_000;
    while ((await count()) === undefined && Date.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 100));
    t.assert.equal(await count(), 1);
    t.assert.match(server.said, /Code is not signed as its function wants it/);
  });

  test('what was taken back is refused, the rest of the profile is not', async (t: TestContext) => {
    const { signer, config, profile, sign, create } = clients;
    const { profileVersionArn, profileVersion } = await profile('careless');
    const Enforce = await config('Enforce', profileVersionArn);
    const [bad, good] = [
      await sign('careless', zipByHand([handler('bad')])),
      await sign('careless', zipByHand([handler('good')])),
    ];
    await signer.revokeSignature({ jobId: bad.jobId, reason: 'a mistake' });
    await t.assert.rejects(create('revoked', Enforce, { ZipFile: bad.bytes }), { name: 'CodeVerificationFailedException' });
    await create('kept', Enforce, { ZipFile: good.bytes });
    await signer.revokeSigningProfile({ profileName: 'careless', profileVersion, reason: 'r', effectiveTime: new Date(0) });
    await t.assert.rejects(create('revoked', Enforce, { ZipFile: good.bytes }), { name: 'CodeVerificationFailedException' });
  });

  test('profiles, signatures, revocations and jobs survive a kill', async (t: TestContext) => {
    const { profileVersionArn } = await clients.profile('lasting');
    const Enforce = await clients.config('Enforce', profileVersionArn);
    const [good, bad] = [
      await clients.sign('lasting', zipByHand([handler('good')])),
      await clients.sign('lasting', zipByHand([handler('bad')])),
    ];
    await clients.signer.revokeSignature({ jobId: bad.jobId, reason: 'r' });
    const { VersionId: version } = await clients.s3.headObject({ Bucket: 'code', Key: 'code.zip' });
    const { jobId } = await clients.signer.startSigningJob({
      profileName: 'lasting',
      source: { s3: { bucketName: 'code', key: 'code.zip', version } },
      destination: { s3: { bucketName: 'code' } },
    });
    await server.stop('SIGKILL');
    clients.destroy();
    server = await RunningServer.start(path.join(folder.path, 'one'), ['--pool-size', '0']);
    clients = clientsOf(server.origin);
    // What was accepted and perhaps not done yet is done now.
    await waitUntilSuccessfulSigningJob({ client: clients.signer, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { jobId });
    await clients.s3.headObject({ Bucket: 'code', Key: `${jobId}.zip` });
    await t.assert.rejects(clients.create('lasting', Enforce, { ZipFile: bad.bytes }), {
      name: 'CodeVerificationFailedException',
    });
    t.assert.equal((await clients.create('lasting', Enforce, { ZipFile: good.bytes })).SigningJobArn, good.jobArn);
  });

  test('what another installation signed is not trusted, though its profile is called the same', async (t: TestContext) => {
    await using other = await RunningServer.start(path.join(folder.path, 'other'), ['--pool-size', '0']);
    const foreign = clientsOf(other.origin);
    t.after(() => foreign.destroy());
    await foreign.bucket();
    const { profileVersionArn } = await foreign.profile('mine');
    const signed = await foreign.sign('mine', zipByHand([handler('foreign')]));
    await clients.profile('mine');
    for (const policy of ['Warn', 'Enforce'] as const)
      await t.assert.rejects(
        clients.create('foreign', await clients.config(policy, profileVersionArn), { ZipFile: signed.bytes }),
        {
          name: 'InvalidCodeSignatureException',
        },
      );
    // Killed, it would leave its control groups for a next start that never comes.
    await other.stop();
  });
});

suite('signing with --auth strict', { timeout: 120_000 }, () => {
  const folder = temporaryFolder();
  let server: RunningServer;
  let root: Credentials;
  /** Root of another account. */
  let other: Credentials;

  before(async () => {
    other = await rootOf(folder.path, stranger);
    server = await RunningServer.start(folder.path, ['--auth', 'strict', '--pool-size', '0']);
    root = server.started.firstKey ?? { accessKeyId: '', secretAccessKey: '' };
  });
  after(async () => {
    await server.stop();
    folder[Symbol.dispose]();
  });

  async function user(t: TestContext, UserName: string, statements: readonly object[]) {
    const iam = new IAM({ endpoint: server.origin, region: 'us-east-1', credentials: root });
    t.after(() => iam.destroy());
    await iam.createUser({ UserName });
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: statements.map((statement) => ({ Effect: 'Allow', ...statement })),
    });
    await iam.putUserPolicy({ UserName, PolicyName: 'own', PolicyDocument });
    const { AccessKey } = await iam.createAccessKey({ UserName });
    const clients = clientsOf(server.origin, {
      accessKeyId: AccessKey?.AccessKeyId ?? '',
      secretAccessKey: AccessKey?.SecretAccessKey ?? '',
    });
    t.after(() => clients.destroy());
    return clients;
  }

  test('who may sign with a profile, and read and write the objects, signs, and nobody else', async (t: TestContext) => {
    const operator = clientsOf(server.origin, root);
    t.after(() => operator.destroy());
    await operator.bucket();
    await operator.profile('team');
    const { profileVersion } = await operator.profile('theirs');
    const onProfile = {
      Action: 'signer:StartSigningJob',
      Resource: `arn:aws:signer:us-east-1:${account}:/signing-profiles/team`,
    };
    const rest = [
      { Action: ['signer:DescribeSigningJob', 's3:PutObject', 's3:GetObject', 's3:ListBucket'], Resource: '*' },
      { Action: 's3:GetObjectVersion', Resource: 'arn:aws:s3:::code/*' },
    ];
    const zip = zipByHand([handler('x')]);
    const signing = await user(t, 'signing', [onProfile, ...rest]);
    t.assert.ok((await signing.sign('team', zip)).bytes.length > zip.length);
    const denied = (action: string) => ({
      name: 'AccessDeniedException',
      message: new RegExp(`is not authorized to perform: ${action} `),
    });
    await t.assert.rejects(signing.sign('theirs', zip), denied('signer:StartSigningJob'));
    await t.assert.rejects(signing.profile('own'), denied('signer:PutSigningProfile'));
    const blind = await user(t, 'blind', [onProfile, rest[0] ?? {}]);
    await t.assert.rejects(blind.sign('team', zip), denied('s3:GetObjectVersion'));
    // Only with a version that is not the one that signs now.
    const pinned = await user(t, 'pinned', [
      { ...onProfile, Resource: '*', Condition: { StringEquals: { 'signer:ProfileVersion': profileVersion } } },
      ...rest,
    ]);
    await pinned.sign('theirs', zip);
    await operator.profile('theirs');
    await t.assert.rejects(pinned.sign('theirs', zip), denied('signer:StartSigningJob'));
  });

  test('another account signs with a profile once it is let in, and no longer than that', async (t: TestContext) => {
    const [operator, theirs] = [clientsOf(server.origin, root), clientsOf(server.origin, other)];
    t.after(() => [operator, theirs].forEach((clients) => clients.destroy()));
    await theirs.s3.createBucket({ Bucket: 'theirs' });
    await theirs.s3.putBucketVersioning({ Bucket: 'theirs', VersioningConfiguration: { Status: 'Enabled' } });
    await operator.profile('shared');
    const { VersionId: version } = await theirs.s3.putObject({
      Bucket: 'theirs',
      Key: 'code.zip',
      Body: zipByHand([handler('theirs')]),
    });
    const start = () =>
      theirs.signer.startSigningJob({
        profileName: 'shared',
        profileOwner: account,
        source: { s3: { bucketName: 'theirs', key: 'code.zip', version } },
        destination: { s3: { bucketName: 'theirs' } },
      });
    const denied = { name: 'AccessDeniedException' };
    await t.assert.rejects(start(), denied);
    const permission = { profileName: 'shared', principal: stranger };
    await operator.signer.addProfilePermission({ ...permission, statementId: 'start', action: 'signer:StartSigningJob' });
    const { jobId, jobOwner } = await start();
    t.assert.equal(jobOwner, account);
    await waitUntilSuccessfulSigningJob({ client: theirs.signer, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { jobId });
    await t.assert.rejects(theirs.signer.getSigningProfile({ profileName: 'shared', profileOwner: account }), denied);
    const revoke = () => theirs.signer.revokeSignature({ jobId, jobOwner, reason: 'r' });
    await t.assert.rejects(revoke(), denied);
    await operator.signer.addProfilePermission({ ...permission, statementId: 'revoke', action: 'signer:RevokeSignature' });
    await revoke();
    const { revisionId } = await operator.signer.listProfilePermissions({ profileName: 'shared' });
    await operator.signer.removeProfilePermission({ profileName: 'shared', statementId: 'start', revisionId });
    await t.assert.rejects(start(), denied);
  });
});

/** A key of another account's root, as only somebody with the data folder can make it. */
async function rootOf(dataDir: string, of: string): Promise<Credentials> {
  const parts = { clock: systemClock, random: systemRandom };
  const onFailure = (error: Error): never => {
    throw error;
  };
  await using database = await openStorage({ dataDir, clock: systemClock, log: silentLogger, onFailure });
  const masterKey = MasterKey.open({ file: path.join(dataDir, 'keys', 'master.key'), random: systemRandom });
  const keys = await Keys.open({ ...parts, database, masterKey });
  return await keys.create({ account: of });
}

/** The entries of an archive whose two headers agree. */
function entriesOf(zip: Buffer): Part[] {
  const end = zip.length - 22;
  const parts: Part[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let index = 0; index < zip.readUInt16LE(end + 10); index += 1) {
    const [packed, nameLength, local] = [zip.readUInt32LE(at + 20), zip.readUInt16LE(at + 28), zip.readUInt32LE(at + 42)];
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    const from = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const bytes = zip.subarray(from, from + packed);
    const unixMode = zip.readUInt16LE(at + 40);
    parts.push({ name, content: zip.readUInt16LE(at + 10) === 8 ? inflateRawSync(bytes) : bytes, unixMode });
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return parts;
}
