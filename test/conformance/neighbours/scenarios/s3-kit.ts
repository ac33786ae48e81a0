import type { Answer } from '../../kit/stage.ts';
import type { Scenario, Scene, Service } from '../kit/stage.ts';

export type Play = (context: {
  readonly scene: Scene;
  readonly s3: Service;
  readonly Bucket: string;
  check(name: string, operation: string, input?: object): Promise<Answer>;
  ok(operation: string, input?: object): Promise<Answer>;
}) => Promise<void>;

/** Buckets have one name space in all regions, so each scenario has its own name. */
export const inBucket =
  (play: Play, create: object = {}): Scenario =>
  async (scene) => {
    const s3 = scene.service('s3');
    const Bucket = `bucket-${scene.region}`;
    await s3.ok('CreateBucket', { Bucket, CreateBucketConfiguration: { LocationConstraint: scene.region }, ...create });
    await play({
      scene,
      s3,
      Bucket,
      check: (name, operation, input = {}) => s3.check(name, operation, { Bucket, ...input }),
      ok: (operation, input = {}) => s3.ok(operation, { Bucket, ...input }),
    });
  };

export const body = (text: string): Uint8Array => Buffer.from(text);
export const versioning = (Status: string): object => ({ VersioningConfiguration: { Status } });
export const unknownVersion = 'HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD';
