import { suite, test, type TestContext } from 'node:test';
import { CreateFunctionCommand, GetFunctionCommand } from '@aws-sdk/client-lambda';
import { openFrontDesk, role } from '../../../../../test/kit/front-desk.ts';
import type { Images } from '../ports.ts';
import { RefusedImage } from './refusal.ts';

const digest = `sha256:${'a'.repeat(64)}`;

suite('a function whose image cannot be prepared', { timeout: 60_000 }, () => {
  for (const [kind, code] of [
    ['missing', 'ImageDeleted'],
    ['denied', 'ImageAccessDenied'],
    ['invalid', 'InvalidImage'],
    ['unreachable', 'InvalidImage'],
  ] as const)
    test(`has ${code} as its reason when the image is ${kind}`, async (t: TestContext) => {
      const images: Images = {
        resolve: (uri) =>
          Promise.resolve({ resolvedUri: `${uri}@${digest}`, digest, image: { entryPoint: [], command: [], environment: {} } }),
        prepare: () => Promise.reject(new RefusedImage(kind, 'So it is.')),
        dir: () => '',
        isReady: () => false,
        sweep: () => Promise.resolve(),
      };
      await using desk = await openFrontDesk({ ports: { images } });
      await desk.client.send(
        new CreateFunctionCommand({
          FunctionName: 'f',
          Role: role,
          PackageType: 'Image',
          Code: { ImageUri: '127.0.0.1:4566/app' },
        }),
      );
      await desk.control.idle();
      const { Configuration } = await desk.client.send(new GetFunctionCommand({ FunctionName: 'f' }));
      t.assert.deepEqual([Configuration?.State, Configuration?.StateReasonCode], ['Failed', code]);
      t.assert.match(Configuration?.StateReason ?? '', /So it is\.$/);
    });
});
