import { suite, test, type TestContext } from 'node:test';
import type { Demand, ServiceRules } from '../demand.ts';
import { apiGatewayRules, apiGatewayV2Rules } from './apigateway.ts';

const role = 'arn:aws:iam::123456789012:role/r';
const place = { account: '123456789012', region: 'us-east-1', caller: { kind: 'anonymous' } } as const;
/** Action and resource of all that a call demands. */
const demanded = (rules: ServiceRules, operation: string, input: object): readonly string[] => {
  const demands = rules.operations[operation]?.(input, place) as Demand | readonly Demand[];
  return [demands].flat().map(({ action, resource }) => `${action} ${resource}`);
};
const pass = `iam:PassRole ${role}`;

suite('what operations of API Gateway demand', () => {
  test('whoever hands over a role must be allowed to, however it is handed over', (t: TestContext) => {
    const [rest, http] = [apiGatewayRules, apiGatewayV2Rules];
    const document = JSON.stringify({ paths: { '/a': { get: { 'x-amazon-apigateway-integration': { credentials: role } } } } });
    const cases = [
      [http, 'CreateIntegration', { ApiId: 'a', CredentialsArn: role }, 'POST /apis/a/integrations'],
      [http, 'ImportApi', { Body: document }, 'PUT /apis'],
      [http, 'ReimportApi', { ApiId: 'a', Body: document }, 'PUT /apis/a'],
      [rest, 'ImportRestApi', { body: Buffer.from(document) }, 'POST /restapis'],
      [rest, 'PutRestApi', { restApiId: 'a', body: Buffer.from(document) }, 'PUT /restapis/a'],
      [
        rest,
        'UpdateIntegration',
        {
          restApiId: 'a',
          resourceId: 'b',
          httpMethod: 'GET',
          patchOperations: [{ op: 'replace', path: '/credentials', value: role }],
        },
        'PATCH /restapis/a/resources/b/methods/GET/integration',
      ],
    ] as const;
    for (const [rules, operation, input, expected] of cases) {
      const [method, path] = expected.split(' ');
      const own = `apigateway:${method} arn:aws:apigateway:us-east-1::${path}`;
      t.assert.deepEqual(demanded(rules, operation, input), [own, pass], operation);
    }
  });

  test('what is done in the name of whoever calls the API hands over no role', (t: TestContext) => {
    const input = { ApiId: 'a', CredentialsArn: 'arn:aws:iam::*:user/*' };
    t.assert.deepEqual(demanded(apiGatewayV2Rules, 'CreateIntegration', input), [
      'apigateway:POST arn:aws:apigateway:us-east-1::/apis/a/integrations',
    ]);
  });
});
