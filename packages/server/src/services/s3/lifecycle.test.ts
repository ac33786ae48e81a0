import { suite, test, type TestContext } from 'node:test';
import * as sdk from '@aws-sdk/client-s3';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { temporaryFolder } from '../../../../../test/kit/server.ts';
import { openStreet } from '../../../../../test/kit/street.ts';
import { settle, VirtualClock } from '../../../../../test/kit/virtual-clock.ts';
import { silentLogger, systemRandom } from '../../base/index.ts';
import { openS3, type S3Ports } from './index.ts';

const dayMs = 86_400_000;
const Bucket = 'bucket-one';

/** The events that a function heard: `name key`. */
type Heard = string[];

/** A bucket of which rules are asked, at noon of the second of January. */
async function openTown(rules: readonly sdk.LifecycleRule[], options: { readonly versioning?: 'Enabled' | 'Suspended' } = {}) {
  const folder = temporaryFolder();
  const clock = new VirtualClock({ epochMs: Date.UTC(2026, 0, 2, 12) });
  const database = new PlainDatabase();
  const heard: Heard = [];
  const bus: string[] = [];
  const ports: S3Ports = {
    lambda: {
      invokeAsync: async (_arn, payload) => {
        const { Records } = JSON.parse(payload) as {
          Records: { eventName: string; userIdentity: { principalId: string }; s3: { object: { key: string } } }[];
        };
        for (const { eventName, userIdentity, s3 } of Records)
          heard.push(`${eventName} ${s3.object.key} ${userIdentity.principalId}`);
      },
    },
    events: {
      put: async ({ detail }) => {
        const { reason, requester, 'deletion-type': type } = detail as Record<string, string>;
        bus.push(`${reason} ${type} ${requester}`);
      },
    },
  };
  const common = { database, clock, random: systemRandom, log: silentLogger, ports, dir: folder.path };
  let service = await openS3(common);
  let street = await openStreet({ s3: service.handlers }, { buckets: service.port });
  let s3 = new sdk.S3({ ...street.client, forcePathStyle: true });
  await s3.createBucket({ Bucket });
  if (options.versioning !== undefined)
    await s3.putBucketVersioning({ Bucket, VersioningConfiguration: { Status: options.versioning } });
  if (rules.length > 0) await s3.putBucketLifecycleConfiguration({ Bucket, LifecycleConfiguration: { Rules: [...rules] } });
  await s3.putBucketNotificationConfiguration({
    Bucket,
    NotificationConfiguration: {
      LambdaFunctionConfigurations: [
        { LambdaFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f', Events: ['s3:LifecycleExpiration:*'] },
      ],
      EventBridgeConfiguration: {},
    },
  });
  const close = async (): Promise<void> => {
    s3.destroy();
    await street[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  };
  return {
    clock,
    heard,
    bus,
    get s3() {
      return s3;
    },
    /** Stops, lets time pass, starts. */
    async sleep(ms: number): Promise<void> {
      await close();
      clock.jump(ms);
      service = await openS3(common);
      street = await openStreet({ s3: service.handlers }, { buckets: service.port });
      s3 = new sdk.S3({ ...street.client, forcePathStyle: true });
      await settle(100);
    },
    /** Lets midnights pass, and the sweeps of them be done. */
    async pass(ms: number): Promise<void> {
      await clock.advance(ms);
      await settle(100);
    },
    async keys(): Promise<string> {
      const { Contents = [] } = await s3.listObjectsV2({ Bucket });
      return Contents.map(({ Key }) => Key).join(' ');
    },
    /** Every version: its key, with a mark behind for delete markers. */
    async versions(): Promise<string> {
      const { Versions = [], DeleteMarkers = [] } = await s3.listObjectVersions({ Bucket });
      return [...Versions.map(({ Key }) => Key), ...DeleteMarkers.map(({ Key }) => `${Key}!`)].toSorted().join(' ');
    },
    put: (Key: string, more: Partial<sdk.PutObjectCommandInput> = {}) => s3.putObject({ Bucket, Key, Body: 'x', ...more }),
    async [Symbol.asyncDispose]() {
      await close();
      await database[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

const on = { Status: 'Enabled', Filter: {} } as const;

suite('lifecycle rules', { timeout: 60_000 }, () => {
  test('an object expires at the midnight after its days, and is told beforehand when and why', async (t: TestContext) => {
    await using town = await openTown([{ ...on, ID: 'a rule', Expiration: { Days: 2 } }]);
    const { Expiration } = await town.put('k');
    t.assert.equal(Expiration, 'expiry-date="Mon, 05 Jan 2026 00:00:00 GMT", rule-id="a%20rule"');
    t.assert.equal((await town.s3.headObject({ Bucket, Key: 'k' })).Expiration, Expiration);
    t.assert.equal((await town.s3.getObject({ Bucket, Key: 'k' })).Expiration, Expiration);
    await town.pass(2.4 * dayMs);
    t.assert.equal(await town.keys(), 'k');
    await town.pass(0.2 * dayMs);
    t.assert.equal(await town.keys(), '');
    t.assert.deepEqual(town.heard, ['LifecycleExpiration:Delete k s3.amazonaws.com']);
    t.assert.deepEqual(town.bus.at(-1), 'Lifecycle Expiration Permanently Deleted s3.amazonaws.com');
  });

  test('a rule is about what its prefix, tags and sizes say, and the earliest counts', async (t: TestContext) => {
    await using town = await openTown([
      { Status: 'Enabled', ID: 'prefix', Filter: { Prefix: 'logs/' }, Expiration: { Days: 3 } },
      { Status: 'Enabled', ID: 'tag', Filter: { Tag: { Key: 'kind', Value: 'draft' } }, Expiration: { Days: 1 } },
      {
        Status: 'Enabled',
        ID: 'and',
        Filter: { And: { Prefix: 'data/', ObjectSizeGreaterThan: 2, ObjectSizeLessThan: 5, Tags: [{ Key: 'a', Value: '1' }] } },
        Expiration: { Days: 1 },
      },
      { Status: 'Disabled', ID: 'off', Filter: {}, Expiration: { Days: 1 } },
    ]);
    const ruleOf = async (Key: string, more: Partial<sdk.PutObjectCommandInput> = {}): Promise<string | undefined> =>
      /rule-id="(.*)"/.exec((await town.put(Key, more)).Expiration ?? '')?.[1];
    t.assert.equal(await ruleOf('logs/1'), 'prefix');
    t.assert.equal(await ruleOf('logs/2', { Tagging: 'kind=draft&x=y' }), 'tag');
    t.assert.equal(await ruleOf('kept', { Tagging: 'kind=final' }), undefined);
    t.assert.equal(await ruleOf('data/1', { Body: 'xxx', Tagging: 'a=1' }), 'and');
    t.assert.equal(await ruleOf('data/2', { Body: 'xx', Tagging: 'a=1' }), undefined);
    t.assert.equal(await ruleOf('data/3', { Body: 'xxxxx', Tagging: 'a=1' }), undefined);
    t.assert.equal(await ruleOf('data/4', { Body: 'xxx' }), undefined);
    await town.pass(2 * dayMs);
    t.assert.equal(await town.keys(), 'data/2 data/3 data/4 kept logs/1');
    await town.pass(2 * dayMs);
    t.assert.equal(await town.keys(), 'data/2 data/3 data/4 kept');
  });

  test('a date is the same day for all, also for what comes later', async (t: TestContext) => {
    await using town = await openTown([{ ...on, ID: 'd', Expiration: { Date: new Date('2026-01-05T00:00:00Z') } }]);
    await town.put('early');
    await town.pass(2.6 * dayMs);
    t.assert.equal(await town.keys(), '');
    await town.put('late');
    await town.pass(dayMs);
    t.assert.equal(await town.keys(), '');
  });

  test('where there are versions a marker hides what expires, older versions go in their turn, and a lone marker last', async (t: TestContext) => {
    await using town = await openTown(
      [
        {
          ...on,
          ID: 'v',
          Expiration: { Days: 1 },
          NoncurrentVersionExpiration: { NoncurrentDays: 2, NewerNoncurrentVersions: 1 },
        },
      ],
      { versioning: 'Enabled' },
    );
    await town.put('k');
    await town.put('k');
    await town.pass(1.6 * dayMs);
    // Both are old versions now, behind a marker.
    t.assert.equal(await town.versions(), 'k k k!');
    t.assert.deepEqual(town.heard, ['LifecycleExpiration:DeleteMarkerCreated k s3.amazonaws.com']);
    await town.pass(2 * dayMs);
    // The first has been old for two days, with one newer beside the marker; the newer one is kept.
    t.assert.equal(await town.versions(), 'k k!');
    t.assert.equal(town.heard.at(-1), 'LifecycleExpiration:Delete k s3.amazonaws.com');
    const { Versions = [] } = await town.s3.listObjectVersions({ Bucket });
    await town.s3.deleteObject({ Bucket, Key: 'k', VersionId: Versions[0]?.VersionId });
    await town.pass(dayMs);
    t.assert.equal(await town.versions(), '');
  });

  test('a rule may clear lone markers alone', async (t: TestContext) => {
    await using town = await openTown([{ ...on, ID: 'm', Expiration: { ExpiredObjectDeleteMarker: true } }], {
      versioning: 'Enabled',
    });
    t.assert.equal((await town.put('hidden')).Expiration, undefined);
    await town.s3.deleteObject({ Bucket, Key: 'hidden' });
    await town.s3.deleteObject({ Bucket, Key: 'nothing' });
    await town.pass(dayMs);
    t.assert.equal(await town.versions(), 'hidden hidden!');
  });

  test('what a lock holds stays until the lock is gone', async (t: TestContext) => {
    await using town = await openTown([]);
    const { s3 } = town;
    const locked = { Bucket: 'bucket-locked' };
    await s3.createBucket({ ...locked, ObjectLockEnabledForBucket: true });
    const Rules: sdk.LifecycleRule[] = [{ ...on, ID: 'l', NoncurrentVersionExpiration: { NoncurrentDays: 1 } }];
    await s3.putBucketLifecycleConfiguration({ ...locked, LifecycleConfiguration: { Rules } });
    const { VersionId } = await s3.putObject({ ...locked, Key: 'k', Body: '1', ObjectLockLegalHoldStatus: 'ON' });
    await s3.putObject({ ...locked, Key: 'k', Body: '2' });
    const count = async (): Promise<number> => (await s3.listObjectVersions(locked)).Versions?.length ?? 0;
    await town.pass(3 * dayMs);
    t.assert.equal(await count(), 2);
    await s3.putObjectLegalHold({ ...locked, Key: 'k', VersionId, LegalHold: { Status: 'OFF' } });
    await town.pass(dayMs);
    t.assert.equal(await count(), 1);
  });

  test('uploads that nobody ends are aborted', async (t: TestContext) => {
    const abort = { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } };
    await using town = await openTown([{ Status: 'Enabled', ID: 'u', Filter: { Prefix: 'tmp/' }, ...abort }]);
    const { s3 } = town;
    const { UploadId } = await s3.createMultipartUpload({ Bucket, Key: 'tmp/a' });
    await s3.uploadPart({ Bucket, Key: 'tmp/a', UploadId, PartNumber: 1, Body: 'part' });
    await s3.createMultipartUpload({ Bucket, Key: 'other' });
    await town.pass(1.4 * dayMs);
    t.assert.equal((await s3.listMultipartUploads({ Bucket })).Uploads?.length, 2);
    await town.pass(0.2 * dayMs);
    t.assert.deepEqual(
      (await s3.listMultipartUploads({ Bucket })).Uploads?.map(({ Key }) => Key),
      ['other'],
    );
    await t.assert.rejects(s3.listParts({ Bucket, Key: 'tmp/a', UploadId }), { name: 'NoSuchUpload' });
  });

  test('midnights that nobody was there for are made up for at the next start', async (t: TestContext) => {
    await using town = await openTown([{ ...on, ID: 'a', Expiration: { Days: 1 } }]);
    await town.put('k');
    await town.sleep(0.3 * dayMs);
    t.assert.equal(await town.keys(), 'k');
    await town.sleep(1.5 * dayMs);
    t.assert.equal(await town.keys(), '');
  });

  test('more objects than a page holds expire, each told once', async (t: TestContext) => {
    await using town = await openTown([{ ...on, ID: 'a', Expiration: { Days: 1 } }], { versioning: 'Enabled' });
    const names = Array.from({ length: 1100 }, (_, index) => String(index).padStart(4, '0'));
    for (let at = 0; at < names.length; at += 100) await Promise.all(names.slice(at, at + 100).map((name) => town.put(name)));
    await town.clock.advance(1.6 * dayMs);
    for (let turn = 0; turn < 500 && town.heard.length < names.length; turn += 1) await settle(10);
    t.assert.equal(await town.keys(), '');
    t.assert.deepEqual(town.heard.map((each) => each.split(' ')[1]).toSorted(), names);
  });
});
