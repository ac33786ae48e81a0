import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { PublishVersionCommand, UpdateFunctionConfigurationCommand, waitUntilFunctionUpdatedV2 } from '@aws-sdk/client-lambda';
import { deploy, invoke } from '../kit/functions.ts';
import { openHouse, type House } from './kit/house.ts';

const efs = (digit: string) => `arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-${digit.repeat(17)}`;
const s3files = 'arn:aws:s3files:us-east-1:000000000000:file-system/fs-0123456789abcdef0/access-point/fsap-0123456789abcdef0';
const code = `
  const fs = require('fs');
  exports.handler = async ({ write, read, place = '/mnt/data' }) => {
    if (write !== undefined) fs.appendFileSync(place + '/' + write, 'by a function\\n');
    if (read !== undefined) return fs.readFileSync(place + '/' + read, 'utf8');
    return { mounted: fs.readdirSync('/mnt'), files: fs.readdirSync(place).sort() };
  };`;

suite('file systems below /mnt', { timeout: 120_000 }, () => {
  let folder: string;
  let house: House;
  let jailed: boolean;

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'mayfly-efs-'));
    chmodSync(folder, 0o755);
    for (const name of ['a', 'b']) {
      mkdirSync(path.join(folder, name));
      chmodSync(path.join(folder, name), 0o777);
    }
    writeFileSync(path.join(folder, 'a/here.txt'), 'from the host');
    house = await openHouse({ flags: ['--file-systems', `${efs('a')}=${folder}/a,${s3files}=${folder}/b`] });
    jailed = house.server.started.isolation.startsWith('jail');
    if (jailed)
      await deploy(
        house.client,
        'f',
        { 'index.js': code },
        { FileSystemConfigs: [{ Arn: efs('a'), LocalMountPath: '/mnt/data' }] },
      );
  });
  after(async () => {
    await house?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test('a function reads and writes the folder, and sees no other', async (t: TestContext) => {
    if (!jailed) return t.skip('needs the jail');
    t.assert.equal((await invoke(house.client, 'f', { read: 'here.txt' })).answer, 'from the host');
    t.assert.deepEqual((await invoke(house.client, 'f', { write: 'made.txt' })).answer, {
      mounted: ['data'],
      files: ['here.txt', 'made.txt'],
    });
    t.assert.equal(readFileSync(path.join(folder, 'a/made.txt'), 'utf8'), 'by a function\n');
  });

  test('what is there outlives environments, and a published version has it, too', async (t: TestContext) => {
    if (!jailed) return t.skip('needs the jail');
    const { Version = '' } = await house.client.send(new PublishVersionCommand({ FunctionName: 'f' }));
    t.assert.equal((await invoke(house.client, 'f', { read: 'made.txt' }, { Qualifier: Version })).answer, 'by a function\n');
  });

  test('an access point of S3 Files, in place of the other', async (t: TestContext) => {
    if (!jailed) return t.skip('needs the jail');
    await house.client.send(
      new UpdateFunctionConfigurationCommand({
        FunctionName: 'f',
        FileSystemConfigs: [{ Arn: s3files, LocalMountPath: '/mnt/other' }],
      }),
    );
    await waitUntilFunctionUpdatedV2(
      { client: house.client, maxWaitTime: 30, minDelay: 0.05, maxDelay: 0.2 },
      { FunctionName: 'f' },
    );
    t.assert.deepEqual((await invoke(house.client, 'f', { place: '/mnt/other', write: 'x' })).answer, {
      mounted: ['other'],
      files: ['x'],
    });
    t.assert.ok(existsSync(path.join(folder, 'b/x')));
  });

  test('without a folder a call says which is missing, in the words of the service', async (t: TestContext) => {
    if (!jailed) return t.skip('needs the jail');
    await deploy(
      house.client,
      'none',
      { 'index.js': code },
      { FileSystemConfigs: [{ Arn: efs('b'), LocalMountPath: '/mnt/data' }] },
    );
    await t.assert.rejects(
      invoke(house.client, 'none'),
      (error: { name: string; $metadata: { httpStatusCode: number }; message: string }) => {
        t.assert.deepEqual([error.name, error.$metadata.httpStatusCode], ['EFSMountFailureException', 403]);
        t.assert.match(error.message, /--file-systems arn:aws:elasticfilesystem/);
        return true;
      },
    );
    renameSync(path.join(folder, 'b'), path.join(folder, 'moved'));
    await t.assert.rejects(invoke(house.client, 'f'), { name: 'S3FilesMountConnectivityException' });
    renameSync(path.join(folder, 'moved'), path.join(folder, 'b'));
    t.assert.deepEqual(((await invoke(house.client, 'f', { place: '/mnt/other' })).answer as { files: string[] }).files, ['x']);
  });

  test('they are refused where there are no walls', async (t: TestContext) => {
    await using open = await openHouse({ flags: ['--isolation', 'none', '--file-systems', `${efs('a')}=${folder}/a`] });
    const refused = deploy(
      open.client,
      'f',
      { 'index.js': code },
      { FileSystemConfigs: [{ Arn: efs('a'), LocalMountPath: '/mnt/data' }] },
    );
    await t.assert.rejects(refused, { name: 'NotImplementedException' });
  });
});
