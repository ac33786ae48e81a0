import { APIGateway } from '@aws-sdk/client-api-gateway';
import { IAM } from '@aws-sdk/client-iam';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { RunningServer, temporaryFolder } from '../kit/server.ts';

suite('REST APIs where policies are asked', { timeout: 60_000 }, () => {
  test('actions are verbs on paths, and a role is handed over by those who may, also within a document', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using server = await RunningServer.start(path.join(folder.path, 'data'), ['--isolation', 'none', '--auth', 'strict']);
    const { firstKey } = server.started;
    if (firstKey === undefined) throw new Error('The server made no key.');
    const client = (credentials: { accessKeyId: string; secretAccessKey: string }) => ({
      endpoint: server.origin,
      region: 'us-east-1',
      maxAttempts: 1,
      credentials,
    });
    const [iam, owner] = [new IAM(client(firstKey)), new APIGateway(client(firstKey))];
    const AssumeRolePolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'apigateway.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    });
    const { Role } = await iam.createRole({ RoleName: 'powerful', AssumeRolePolicyDocument });
    const role = Role?.Arn ?? '';
    const { id: restApiId = '', rootResourceId: resourceId = '' } = await owner.createRestApi({ name: 'own' });
    const other = await owner.createRestApi({ name: 'other' });

    await iam.createUser({ UserName: 'builder' });
    const { AccessKey } = await iam.createAccessKey({ UserName: 'builder' });
    const builder = new APIGateway(
      client({ accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' }),
    );
    const may = (...statements: object[]) =>
      iam.putUserPolicy({
        UserName: 'builder',
        PolicyName: 'p',
        PolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: statements.map((each) => ({ Effect: 'Allow', ...each })),
        }),
      });
    const own = [
      `arn:aws:apigateway:us-east-1::/restapis/${restApiId}`,
      `arn:aws:apigateway:us-east-1::/restapis/${restApiId}/*`,
    ];
    const refused = { name: 'AccessDeniedException' };
    await t.assert.rejects(builder.getRestApi({ restApiId }), refused);
    await may({ Action: 'apigateway:*', Resource: own });
    t.assert.equal((await builder.getRestApi({ restApiId })).name, 'own');
    await t.assert.rejects(builder.getRestApi({ restApiId: other.id }), refused);
    await t.assert.rejects(builder.getRestApis({}), refused);

    const method = { restApiId, resourceId, httpMethod: 'GET' };
    await builder.putMethod({ ...method, authorizationType: 'NONE' });
    const integration = { type: 'AWS', uri: 'arn:aws:apigateway:us-east-1:sqs:action/SendMessage' } as const;
    const put = { ...method, ...integration, integrationHttpMethod: 'POST' };
    const patch = { ...method, patchOperations: [{ op: 'replace', path: '/credentials', value: role } as const] };
    const document = {
      swagger: '2.0',
      info: { title: 'own', version: '1' },
      paths: { '/': { post: { 'x-amazon-apigateway-integration': { ...integration, httpMethod: 'POST', credentials: role } } } },
    };
    const body = Buffer.from(JSON.stringify(document));
    const handed = [
      () => builder.putIntegration({ ...put, credentials: role }),
      () => builder.updateIntegration(patch),
      () => builder.putRestApi({ restApiId, mode: 'merge', body }),
    ];
    await builder.putIntegration(put);
    for (const hand of handed) await t.assert.rejects(hand(), refused);
    await may({ Action: 'apigateway:*', Resource: own }, { Action: 'iam:PassRole', Resource: role });
    for (const hand of handed) await hand();
    t.assert.equal((await builder.getIntegration(method)).credentials, role);
  });
});
