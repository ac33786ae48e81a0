import { suite, test, type TestContext } from 'node:test';
import { meansUs } from './host.ts';

suite('the name in Host', () => {
  for (const host of [
    undefined,
    '127.0.0.1:4566',
    '[::1]:4566',
    'localhost:4566',
    'mayfly:4566',
    'a.lambda-url.us-east-1.localhost:4566',
    'bucket.s3.us-east-1.amazonaws.com',
    'x.mayfly.test',
  ]) {
    test(`${host} means us`, (t: TestContext) => t.assert.ok(meansUs(host, ['mayfly.test'])));
  }
  for (const host of [
    'evil.example',
    'evil.example:4566',
    'amazonaws.com.evil.example',
    'localhost.evil.example',
    'notmayfly.test',
  ]) {
    test(`${host} does not`, (t: TestContext) => t.assert.ok(!meansUs(host, ['mayfly.test'])));
  }
});
