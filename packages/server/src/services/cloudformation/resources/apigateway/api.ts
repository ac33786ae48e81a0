import { isSame } from '../pick.ts';
import { behaviours, tagChanges, tagMap, type Making, type Properties, type ResourceType } from '../type.ts';
import { call, members, structure } from './operations.ts';
import { items, scalars, type Patch } from './patches.ts';

/** Of the resource and its stack, and what CloudFormation says of it, as recorded. */
export const allTags = (properties: Properties, making: Making): Readonly<Record<string, string>> => ({
  ...tagMap(properties['Tags'], making),
  'aws:cloudformation:logical-id': making.logicalId,
  'aws:cloudformation:stack-id': making.stackId,
  'aws:cloudformation:stack-name': making.stackName,
});

/** Sets and takes away the tags of something that has an ARN. */
export async function retag(path: string, properties: Properties, before: Properties, making: Making): Promise<void> {
  const resourceArn = `arn:aws:apigateway:${making.region}::${path}`;
  const { set, gone } = tagChanges(tagMap(before['Tags'], making), tagMap(properties['Tags'], making));
  if (Object.keys(set).length > 0) await call(making, 'TagResource', { resourceArn, tags: set });
  if (gone.length > 0) await call(making, 'UntagResource', { resourceArn, tagKeys: gone });
}

/** @source API Gateway Developer Guide, "Quotas": size of the OpenAPI document, read 2026-11 */
const mostBytes = 6_291_456;

async function documentOf(properties: Properties, { aws }: Making): Promise<Uint8Array | undefined> {
  const { Body: body, BodyS3Location: location } = properties;
  if (body !== undefined) return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  if (location === undefined) return undefined;
  const { Body: stored } = await aws.s3.GetObject({
    Bucket: String(location.Bucket),
    Key: String(location.Key),
    ...(location.Version === undefined ? {} : { VersionId: String(location.Version) }),
  });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stored as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Error(`A description of an API may not exceed ${mostBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const settings = {
  Name: '/name',
  Description: '/description',
  ApiKeySourceType: '/apiKeySource',
  MinimumCompressionSize: '/minimumCompressionSize',
  DisableExecuteApiEndpoint: '/disableExecuteApiEndpoint',
  Policy: '/policy',
  SecurityPolicy: '/securityPolicy',
  EndpointAccessMode: '/endpointAccessMode',
};

/** @param before  what the API is already, as far as a template says it */
function changes(now: Properties, before: Properties): readonly Patch[] {
  const endpoint = now['EndpointConfiguration'] ?? {};
  const earlier = before['EndpointConfiguration'] ?? {};
  const [type] = (endpoint.Types ?? []) as readonly string[];
  return [
    ...scalars(settings, now, before),
    ...items('/binaryMediaTypes', now['BinaryMediaTypes'] as string[], before['BinaryMediaTypes'] as string[]),
    ...(type === undefined || isSame(endpoint.Types, earlier.Types)
      ? []
      : [{ op: 'replace', path: '/endpointConfiguration/types', value: type } as const]),
    ...(endpoint.IpAddressType === undefined || isSame(endpoint.IpAddressType, earlier.IpAddressType)
      ? []
      : [{ op: 'replace', path: '/endpointConfiguration/ipAddressType', value: String(endpoint.IpAddressType) } as const]),
  ];
}

async function change(restApiId: string, patchOperations: readonly Patch[], making: Making): Promise<void> {
  if (patchOperations.length > 0) await call(making, 'UpdateRestApi', { restApiId, patchOperations });
}

const policyText = (policy: unknown): string => (typeof policy === 'string' ? policy : JSON.stringify(policy));

/** @source CloudFormation Template Reference, AWS::ApiGateway::RestApi, read 2026-11 */
export const restApi: ResourceType = {
  properties: behaviours({
    updates:
      'ApiKeySourceType BinaryMediaTypes Body BodyS3Location Description DisableExecuteApiEndpoint EndpointAccessMode EndpointConfiguration FailOnWarnings MinimumCompressionSize Mode Name Parameters Policy SecurityPolicy Tags',
    replaces: 'CloneFrom',
  }),
  attributes: ['RestApiId', 'RootResourceId'],
  async create(properties, making) {
    const tags = allTags(properties, making);
    const body = await documentOf(properties, making);
    const made =
      body === undefined
        ? await call(making, 'CreateRestApi', {
            ...members(
              properties,
              'BinaryMediaTypes CloneFrom Description DisableExecuteApiEndpoint EndpointAccessMode MinimumCompressionSize Name SecurityPolicy',
            ),
            apiKeySource: properties['ApiKeySourceType'],
            endpointConfiguration: structure(properties['EndpointConfiguration'] as Properties | undefined),
            ...(properties['Policy'] === undefined ? {} : { policy: policyText(properties['Policy']) }),
            tags,
          })
        : await call(making, 'ImportRestApi', {
            body,
            failOnWarnings: properties['FailOnWarnings'] ?? false,
            parameters: properties['Parameters'] ?? {},
          });
    const id = String(made['id']);
    if (body !== undefined) {
      // What the template says is above what the document says.
      await change(id, changes(properties, { BinaryMediaTypes: made['binaryMediaTypes'] as unknown }), making);
      await call(making, 'TagResource', { resourceArn: `arn:aws:apigateway:${making.region}::/restapis/${id}`, tags });
    }
    return { id, attributes: { RestApiId: id, RootResourceId: made['rootResourceId'] } };
  },
  async update(id, properties, before, making) {
    const body = await documentOf(properties, making);
    if (body !== undefined) {
      const put = {
        restApiId: id,
        mode: properties['Mode'] ?? 'overwrite',
        body,
        failOnWarnings: properties['FailOnWarnings'] ?? false,
        parameters: properties['Parameters'] ?? {},
      };
      const made = await call(making, 'PutRestApi', put);
      // The document may have set these; what the template says is above it.
      const { Name: _name, Description: _description, Policy: _policy, ...rest } = before;
      await change(id, changes(properties, { ...rest, BinaryMediaTypes: made['binaryMediaTypes'] as unknown }), making);
    } else await change(id, changes(properties, before), making);
    await retag(`/restapis/${id}`, properties, before, making);
    return { id };
  },
  delete: (id, _properties, making) => call(making, 'DeleteRestApi', { restApiId: id }),
};
