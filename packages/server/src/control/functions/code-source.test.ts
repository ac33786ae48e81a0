import { suite, test, type TestContext } from 'node:test';
import {
  CreateFunctionCommand,
  GetFunctionCommand,
  PublishLayerVersionCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { ServiceFault } from '@mayfly/wire';
import type { AccountId, Region } from '../../base/index.ts';
import type { Images, Objects } from '../index.ts';
import { account, arn, openFrontDesk, role, zip } from '../../../../../test/kit/front-desk.ts';

/** One object in one bucket, and the versions it was asked for. */
class OneObject implements Objects {
  readonly versions: (string | undefined)[] = [];
  async get({ bucket, key, versionId }: Parameters<Objects['get']>[0]): Promise<AsyncIterable<Uint8Array>> {
    if (bucket !== 'bucket') throw new ServiceFault('NoSuchBucket', 'The specified bucket does not exist', { status: 404 });
    if (key !== 'code.zip') throw new ServiceFault('NoSuchKey', 'The specified key does not exist.', { status: 404 });
    this.versions.push(versionId);
    return (async function* () {
      yield zip('from ').subarray(0, 4);
      yield Buffer.from('a bucket');
    })();
  }
}

const images: Images = {
  resolve: (uri) =>
    Promise.resolve({
      resolvedUri: `${uri.split(':')[0]}@sha256:${'a'.repeat(64)}`,
      digest: `sha256:${'a'.repeat(64)}`,
      image: { entryPoint: ['sh'], command: [], environment: {} },
    }),
  prepare: (resolvedUri) => (resolvedUri.startsWith('broken') ? Promise.reject(new Error('no such layer')) : Promise.resolve()),
  dir: (digest) => `/images/${digest}`,
  sweep: () => Promise.resolve(),
  isReady: () => true,
};

suite('code from elsewhere', { timeout: 60_000 }, () => {
  const fromBucket = (S3Bucket: string, S3Key: string, rest: object = {}) =>
    new CreateFunctionCommand({
      FunctionName: 'f',
      Role: role,
      Runtime: 'nodejs24.x',
      Handler: 'i.h',
      Code: { S3Bucket, S3Key, ...rest },
    });

  test('an object in a bucket becomes code, for functions and layers', async (t: TestContext) => {
    const objects = new OneObject();
    await using desk = await openFrontDesk({ ports: { objects } });
    const made = await desk.client.send(fromBucket('bucket', 'code.zip', { S3ObjectVersion: 'v7' }));
    t.assert.strictEqual(made.CodeSize, 12);
    const layer = await desk.client.send(
      new PublishLayerVersionCommand({ LayerName: 'l', Content: { S3Bucket: 'bucket', S3Key: 'code.zip' } }),
    );
    t.assert.strictEqual(layer.Content?.CodeSha256, made.CodeSha256);
    t.assert.deepStrictEqual(objects.versions, ['v7', undefined]);
  });

  test('what S3 says of a missing bucket or key is told on, and nothing is created', async (t: TestContext) => {
    await using desk = await openFrontDesk({ ports: { objects: new OneObject() } });
    await t.assert.rejects(desk.client.send(fromBucket('other', 'code.zip')), {
      name: 'InvalidParameterValueException',
      message:
        'Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist',
    });
    await t.assert.rejects(desk.client.send(fromBucket('bucket', 'other')), {
      message: 'Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.',
    });
    await t.assert.rejects(desk.client.send(new GetFunctionCommand({ FunctionName: 'f' })), {
      name: 'ResourceNotFoundException',
    });
  });

  test('an image is resolved to its digest, unpacked while Pending, and shown as AWS shows it', async (t: TestContext) => {
    await using desk = await openFrontDesk({ ports: { images } });
    const made = await desk.client.send(
      new CreateFunctionCommand({
        FunctionName: 'f',
        Role: role,
        PackageType: 'Image',
        Code: { ImageUri: 'repo/app:latest' },
        ImageConfig: { EntryPoint: ['sh'], Command: ['-c', 'true'], WorkingDirectory: '/app' },
      }),
    );
    t.assert.deepStrictEqual(
      [made.PackageType, made.CodeSize, made.CodeSha256, 'Runtime' in made, 'Handler' in made, 'RuntimeVersionConfig' in made],
      ['Image', 0, 'a'.repeat(64), false, false, false],
    );
    await desk.control.idle();
    const got = await desk.client.send(new GetFunctionCommand({ FunctionName: 'f' }));
    t.assert.deepStrictEqual(got.Code, {
      RepositoryType: 'ECR',
      ImageUri: 'repo/app:latest',
      ResolvedImageUri: `repo/app@sha256:${'a'.repeat(64)}`,
    });
    t.assert.deepStrictEqual(got.Configuration?.ImageConfigResponse, {
      ImageConfig: { EntryPoint: ['sh'], Command: ['-c', 'true'], WorkingDirectory: '/app' },
    });
    const { version } = desk.control.catalog.resolve(account as AccountId, 'us-east-1' as Region, 'f');
    t.assert.deepStrictEqual([version.codeDir, version.imageConfig?.entryPoint], [`/images/sha256:${'a'.repeat(64)}`, ['sh']]);
    await t.assert.rejects(desk.client.send(new UpdateFunctionCodeCommand({ FunctionName: 'f', ZipFile: zip() })), {
      message: 'Please provide ImageUri when updating a function with packageType Image.',
    });
    const cleared = await desk.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', ImageConfig: {} }));
    t.assert.strictEqual(cleared.ImageConfigResponse, undefined);
    await desk.control.idle();
    await t.assert.rejects(
      desk.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Layers: [arn('layer:l:1')] })),
      {
        name: 'InvalidParameterValueException',
      },
    );
  });

  test('an image that cannot be unpacked leaves the function Failed', async (t: TestContext) => {
    await using desk = await openFrontDesk({ ports: { images } });
    await desk.client.send(
      new CreateFunctionCommand({ FunctionName: 'f', Role: role, PackageType: 'Image', Code: { ImageUri: 'broken:1' } }),
    );
    await desk.control.idle();
    const { Configuration } = await desk.client.send(new GetFunctionCommand({ FunctionName: 'f' }));
    t.assert.deepStrictEqual([Configuration?.State, Configuration?.StateReasonCode], ['Failed', 'InvalidImage']);
  });

  test('a zip function takes no image', async (t: TestContext) => {
    await using desk = await openFrontDesk({ ports: { images } });
    await desk.client.send(
      new CreateFunctionCommand({
        FunctionName: 'f',
        Role: role,
        Runtime: 'nodejs24.x',
        Handler: 'i.h',
        Code: { ZipFile: zip() },
      }),
    );
    await t.assert.rejects(desk.client.send(new UpdateFunctionCodeCommand({ FunctionName: 'f', ImageUri: 'repo/app:latest' })), {
      message: "Please don't provide ImageUri when updating a function with packageType Zip.",
    });
  });
});
