import * as sdk from '@aws-sdk/client-api-gateway';
import { functionArn, openGateway } from './gateway.ts';

/** How OpenAPI documents name a function. */
export const functionUri = (name: string): string =>
  `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn(name)}/invocations`;

/** An operation of an OpenAPI document whose integration is a function, whole requests in, whole answers out. */
export const proxyTo = (name: string, more: object = {}): object => ({
  responses: {},
  'x-amazon-apigateway-integration': { type: 'aws_proxy', httpMethod: 'POST', uri: functionUri(name) },
  ...more,
});

/** A REST API made of an OpenAPI document, deployed to the stage `prod`. */
export async function openRestApi(document: object, options: Parameters<typeof openGateway>[0] = {}) {
  const gateway = await openGateway(options);
  const client = new sdk.APIGateway(gateway.client);
  const body = Buffer.from(JSON.stringify({ openapi: '3.0.1', info: { title: 'pets', version: '1' }, ...document }));
  const { id = '' } = await client.importRestApi({ body });
  const deploy = (variables: Record<string, string> = {}) =>
    client.createDeployment({ restApiId: id, stageName: 'prod', variables });
  await deploy();
  return {
    ...gateway,
    client,
    id,
    deploy,
    get: (target: string, init?: Parameters<typeof gateway.ask>[2]) => gateway.ask(id, `/prod${target}`, init),
    async [Symbol.asyncDispose]() {
      client.destroy();
      await gateway[Symbol.asyncDispose]();
    },
  };
}
