import * as sdk from '@aws-sdk/client-apigatewayv2';
import { functionArn, openGateway } from './gateway.ts';

/** An HTTP API with a stage that serves what is, and the routes that a test wants. */
export async function openApi(
  options: Parameters<typeof openGateway>[0] & { readonly api?: Partial<sdk.CreateApiCommandInput> } = {},
) {
  const gateway = await openGateway(options);
  const client = new sdk.ApiGatewayV2(gateway.client);
  const { ApiId: id = '', ApiEndpoint: endpoint = '' } = await client.createApi({
    Name: 'pets',
    ProtocolType: 'HTTP',
    ...options.api,
  });
  if (options.api?.Target === undefined) await client.createStage({ ApiId: id, StageName: '$default', AutoDeploy: true });
  return {
    ...gateway,
    client,
    id,
    endpoint,
    /** @returns the integration's id */
    async integrate(name: string, more: Partial<sdk.CreateIntegrationCommandInput> = {}): Promise<string> {
      const made = await client.createIntegration({
        ApiId: id,
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: functionArn(name),
        PayloadFormatVersion: '2.0',
        ...more,
      });
      return made.IntegrationId ?? '';
    },
    route: (key: string, integrationId: string, more: Partial<sdk.CreateRouteCommandInput> = {}) =>
      client.createRoute({ ApiId: id, RouteKey: key, Target: `integrations/${integrationId}`, ...more }),
    get: (target: string, init?: Parameters<typeof gateway.ask>[2]) => gateway.ask(id, target, init),
    async [Symbol.asyncDispose]() {
      client.destroy();
      await gateway[Symbol.asyncDispose]();
    },
  };
}
