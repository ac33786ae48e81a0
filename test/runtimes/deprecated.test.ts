import { after, before, suite, test, type TestContext } from 'node:test';
import {
  CreateFunctionCommand,
  GetFunctionConfigurationCommand,
  UpdateFunctionConfigurationCommand,
  type Runtime,
} from '@aws-sdk/client-lambda';
import { deploy, invoke, role } from '../kit/functions.ts';
import { zipOf } from '../kit/zip.ts';
import { openHouse, type House } from './kit/house.ts';

const noLonger = (runtime: string) =>
  `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`;

suite('runtimes that AWS has ended', { timeout: 120_000 }, () => {
  let house: House;
  before(async () => void (house = await openHouse()));
  after(() => house[Symbol.asyncDispose]());

  const create = async (Runtime: string, FunctionName = 'old') =>
    house.client.send(
      new CreateFunctionCommand({
        FunctionName,
        Role: role,
        Runtime: Runtime as Runtime,
        Handler: 'index.handler',
        Code: { ZipFile: await zipOf({ 'index.js': 'exports.handler = async () => 1;' }) },
      }),
    );
  const update = (Runtime: string) =>
    house.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'young', Runtime: Runtime as Runtime }));

  test('are refused at creation and at change, in the words of Lambda, and change nothing', async (t: TestContext) => {
    await deploy(house.client, 'young', { 'index.js': 'exports.handler = async () => process.version;' });
    for (const runtime of [
      'nodejs14.x',
      'nodejs12.x',
      'python3.7',
      'python2.7',
      'java8',
      'go1.x',
      'ruby2.7',
      'dotnetcore3.1',
      'provided',
    ]) {
      await t.assert.rejects(create(runtime), { name: 'InvalidParameterValueException', message: noLonger(runtime) });
      await t.assert.rejects(update(runtime), { name: 'InvalidParameterValueException', message: noLonger(runtime) });
    }
    const { Runtime } = await house.client.send(new GetFunctionConfigurationCommand({ FunctionName: 'young' }));
    t.assert.equal(Runtime, 'nodejs24.x');
    t.assert.match(String((await invoke(house.client, 'young')).answer), /^v24\./);
  });

  test('those that never were are refused with the list of those that are', async (t: TestContext) => {
    for (const ask of [create, update])
      await t.assert.rejects(ask('cobol1.x'), {
        name: 'InvalidParameterValueException',
        message:
          /^Value cobol1\.x at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \[.*nodejs24\.x.*\] or be a valid ARN$/,
      });
  });

  test('a deprecated one that is not blocked yet may be used', async (t: TestContext) => {
    await deploy(house.client, 'two', { bootstrap: '#!/bin/sh\nexit 3\n' }, { Runtime: 'provided.al2', Handler: 'x' });
    t.assert.match(JSON.stringify((await invoke(house.client, 'two')).answer), /Runtime exited with error: exit status 3/);
  });
});
