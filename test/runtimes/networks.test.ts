import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import {
  CreateFunctionCommand,
  GetFunctionConfigurationCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { rootObstacle } from '../../packages/server/src/sandbox/driver.suite.ts';
import { findFirewall, hostAddress } from '../../packages/server/src/sandbox/network/egress.ts';
import { deploy, invoke, lambdaClient, role } from '../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { zipOf } from '../kit/zip.ts';

const skip = rootObstacle() ?? (findFirewall() === undefined ? 'a firewall is missing' : false);
const code = `
  const { connect } = require('node:net');
  exports.handler = ({ host, port }) =>
    new Promise((resolve) => {
      const socket = connect({ host, port, timeout: 2000 });
      let said = '';
      socket.on('data', (piece) => (said += piece)).on('end', () => resolve(said));
      socket.on('error', (error) => resolve(error.code)).on('timeout', () => resolve('silence'));
    });`;

/** A port of this machine is what one network opens, for one of its security groups. */
suite('networks that functions join by a VpcConfig', { skip, timeout: 120_000 }, () => {
  const onHost = createServer((socket) => socket.end('hello from the host'));
  const folder = temporaryFolder();
  const file = path.join(folder.path, 'networks.json');
  let port: number;
  let server: RunningServer;
  let client: ReturnType<typeof lambdaClient>;

  const start = async (flags: readonly string[]): Promise<void> => {
    server = await RunningServer.start(path.join(folder.path, 'data'), flags);
    client = lambdaClient(server.origin);
  };
  const stop = async (): Promise<void> => {
    client.destroy();
    await server.stop();
  };
  const reach = async (name: string): Promise<unknown> => (await invoke(client, name, { host: hostAddress, port })).answer;
  const vpcOf = async (FunctionName: string) =>
    (await client.send(new GetFunctionConfigurationCommand({ FunctionName }))).VpcConfig;

  before(async () => {
    onHost.listen(0, '0.0.0.0');
    await once(onHost, 'listening');
    ({ port } = onHost.address() as AddressInfo);
    writeFileSync(
      file,
      JSON.stringify({
        'vpc-lab': {
          subnets: ['subnet-0a', 'subnet-0b'],
          securityGroups: { 'sg-open': [{ to: 'host', ports: port }], 'sg-shut': [] },
        },
      }),
    );
    await start(['--networks', file]);
    for (const [name, VpcConfig] of [
      ['none', undefined],
      ['open', { SubnetIds: ['subnet-0a', 'subnet-0b'], SecurityGroupIds: ['sg-shut', 'sg-open'] }],
      ['shut', { SubnetIds: ['subnet-0b'], SecurityGroupIds: ['sg-shut'] }],
    ] as const)
      await deploy(
        client,
        name,
        { 'index.js': code },
        {
          Timeout: 20,
          ...(VpcConfig === undefined
            ? {}
            : { VpcConfig: { SubnetIds: [...VpcConfig.SubnetIds], SecurityGroupIds: [...VpcConfig.SecurityGroupIds] } }),
        },
      );
  });
  after(async () => {
    await stop();
    onHost.close();
    folder[Symbol.dispose]();
  });

  test('only who joins it with the right group gets through', async (t: TestContext) => {
    t.assert.deepEqual(await Promise.all(['open', 'shut', 'none'].map(reach)), [
      'hello from the host',
      'ECONNREFUSED',
      'ECONNREFUSED',
    ]);
    t.assert.deepEqual(await vpcOf('open'), {
      SubnetIds: ['subnet-0a', 'subnet-0b'],
      SecurityGroupIds: ['sg-shut', 'sg-open'],
      VpcId: 'vpc-lab',
      Ipv6AllowedForDualStack: false,
    });
    // What the network does not open has no way at all: not the internet either.
    const { answer } = await invoke(client, 'open', { host: '203.0.113.7', port: 80 });
    t.assert.equal(answer, 'ENETUNREACH');
  });

  test("a subnet or group that nobody defined is refused in AWS's words", async (t: TestContext) => {
    const create = async (SubnetIds: string[], SecurityGroupIds: string[]) =>
      client.send(
        new CreateFunctionCommand({
          FunctionName: 'refused',
          Role: role,
          Runtime: 'nodejs24.x',
          Handler: 'index.handler',
          Code: { ZipFile: await zipOf({ 'index.js': code }) },
          VpcConfig: { SubnetIds, SecurityGroupIds },
        }),
      );
    await t.assert.rejects(create(['subnet-0a', 'subnet-0f'], ['sg-open']), {
      name: 'InvalidParameterValueException',
      message:
        "Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. EC2 Error Message: The subnet ID 'subnet-0f' does not exist",
    });
    await t.assert.rejects(create(['subnet-0a'], ['sg-other']), {
      name: 'InvalidParameterValueException',
      message:
        "Error occurred while DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound. EC2 Error Message: The security group 'sg-other' does not exist",
    });
  });

  test('two empty lists take a function out of it', async (t: TestContext) => {
    const join = async (SubnetIds: string[], SecurityGroupIds: string[]): Promise<void> => {
      await client.send(
        new UpdateFunctionConfigurationCommand({ FunctionName: 'shut', VpcConfig: { SubnetIds, SecurityGroupIds } }),
      );
      await waitUntilFunctionUpdatedV2({ client, maxWaitTime: 30, minDelay: 0.05, maxDelay: 0.2 }, { FunctionName: 'shut' });
    };
    await join([], []);
    t.assert.equal((await vpcOf('shut'))?.VpcId, '');
    t.assert.equal(await reach('shut'), 'ECONNREFUSED');
    await join(['subnet-0a'], ['sg-open']);
    t.assert.equal(await reach('shut'), 'hello from the host');
  });

  test('a network that went is told at the call; without any, a VpcConfig is kept, changes nothing, and the log says so', async (t: TestContext) => {
    await stop();
    writeFileSync(file, JSON.stringify({ 'vpc-other': { subnets: ['subnet-0c'] } }));
    await start(['--networks', file]);
    await t.assert.rejects(invoke(client, 'open', {}), (error: { name: string; $metadata: { httpStatusCode: number } }) => {
      t.assert.deepEqual([error.name, error.$metadata.httpStatusCode], ['InvalidSubnetIDException', 502]);
      return true;
    });
    await stop();
    await start([]);
    t.assert.equal(await reach('open'), 'ECONNREFUSED');
    await deploy(client, 'kept', { 'index.js': code }, { VpcConfig: { SubnetIds: ['subnet-0d'], SecurityGroupIds: [] } });
    t.assert.equal((await vpcOf('kept'))?.VpcId, '');
    t.assert.match(server.said, /VpcConfig of a function is kept and changes nothing/);
  });
});
