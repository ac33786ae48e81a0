import { ServiceFault } from '@mayfly/wire';
import { documentText, isSame, pick } from './pick.ts';
import { s3Text, type S3Location } from './s3-text.ts';
import { behaviours, tagChanges, tagMap, type Making, type Properties, type ResourceType } from './type.ts';

type Client = Making['aws']['apigatewayv2'];
type Operation = (input: Properties) => Promise<unknown>;

/** Operations by name; templates hold what their inputs have, and the model checks it. */
const call = (client: Client, operation: string, input: Properties): Promise<Properties> =>
  (client as unknown as Record<string, Operation>)[operation]?.(input) as Promise<Properties>;

/** What has an id within an API, and properties that are members of its operations. */
function part(
  noun: string,
  options: {
    readonly updates: string;
    readonly required: readonly string[];
    readonly replaces?: string;
    readonly member?: string;
    /** Maps that an update merges: what is not in them any more must be set to nothing. */
    readonly merges?: readonly string[];
    /** Settings that only an operation of their own takes away. */
    readonly deletes?: Readonly<Record<string, string>>;
  },
): ResourceType {
  const { updates, required, replaces = '', member = `${noun}Id`, merges = [], deletes = {} } = options;
  const names = `${updates} ${replaces}`;
  return {
    properties: behaviours({ replaces: `ApiId ${replaces}`, updates }),
    required: ['ApiId', ...required],
    attributes: [member],
    async create({ ApiId, ...properties }, { aws }) {
      const made = await call(aws.apigatewayv2, `Create${noun}`, { ApiId, ...pick(properties, names) });
      return { id: String(made[member]), attributes: { [member]: made[member] } };
    },
    async update(id, { ApiId, ...properties }, before, { aws }) {
      const emptied = Object.fromEntries(merges.map((name) => [name, withGone(before[name], properties[name])]));
      await call(aws.apigatewayv2, `Update${noun}`, { ApiId, ...pick({ ...properties, ...emptied }, updates), [member]: id });
      for (const [name, operation] of Object.entries(deletes))
        if (before[name] !== undefined && properties[name] === undefined)
          await call(aws.apigatewayv2, operation, { ApiId, [member]: id });
      return { id };
    },
    delete: (id, { ApiId }, { aws }) => call(aws.apigatewayv2, `Delete${noun}`, { ApiId, [member]: id }),
  };
}

/** A map with what was in it before, emptied. */
function withGone(before: Properties | undefined, now: Properties | undefined): Properties | undefined {
  if (before === undefined) return now;
  const gone = Object.entries(before).filter(([name]) => now === undefined || !Object.hasOwn(now, name));
  return { ...Object.fromEntries(gone.map(([name, value]) => [name, typeof value === 'object' ? {} : ''])), ...now };
}

const ofApi =
  'CorsConfiguration CredentialsArn Description DisableExecuteApiEndpoint DisableSchemaValidation IpAddressType Name RouteKey RouteSelectionExpression Target Version';

/**
 * With a document it is what that says, and the properties beside it go over what the document says.
 *
 * @source CloudFormation Template Reference, AWS::ApiGatewayV2::Api, read 2026-11
 */
const api: ResourceType = {
  properties: behaviours({
    updates: `ApiKeySelectionExpression BasePath Body BodyS3Location FailOnWarnings ${ofApi} Tags`,
    replaces: 'ProtocolType',
  }),
  attributes: ['ApiId', 'ApiEndpoint'],
  async create(properties, making) {
    const { aws } = making;
    const tags = tagMap(properties['Tags'], making);
    const body = await documentOf(properties, making);
    if (body === undefined) {
      const protocol = { ProtocolType: properties['ProtocolType'] ?? 'HTTP' };
      return madeOf(await call(aws.apigatewayv2, 'CreateApi', { Tags: tags, ...pick(properties, ofApi), ...protocol }));
    }
    const made = await call(aws.apigatewayv2, 'ImportApi', body);
    const id = String(made['ApiId']);
    try {
      await applyBeside(id, properties, tags, making);
    } catch (error) {
      await aws.apigatewayv2.DeleteApi({ ApiId: id });
      throw error;
    }
    return madeOf(made);
  },
  async update(id, properties, before, making) {
    const { aws } = making;
    const body = await documentOf(properties, making);
    const [was, tags] = [tagMap(before['Tags'], making), tagMap(properties['Tags'], making)];
    if (body === undefined) {
      await call(aws.apigatewayv2, 'UpdateApi', { ApiId: id, ...pick(properties, ofApi) });
      if (before['CorsConfiguration'] !== undefined && properties['CorsConfiguration'] === undefined)
        await aws.apigatewayv2.DeleteCorsConfiguration({ ApiId: id });
    }
    if (body !== undefined) await call(aws.apigatewayv2, 'ReimportApi', { ApiId: id, ...body });
    const { gone } = tagChanges(was, tags);
    if (gone.length > 0) await aws.apigatewayv2.UntagResource({ ResourceArn: arnOf(id, making), TagKeys: [...gone] });
    if (body !== undefined) await applyBeside(id, properties, tags, making);
    else if (!isSame(was, tags)) await aws.apigatewayv2.TagResource({ ResourceArn: arnOf(id, making), Tags: tags });
    return { id };
  },
  delete: (id, _properties, { aws }) => aws.apigatewayv2.DeleteApi({ ApiId: id }),
};

const madeOf = ({ ApiId, ApiEndpoint }: Properties) => ({ id: String(ApiId), attributes: { ApiId, ApiEndpoint } });
const arnOf = (id: string, { region }: Making): string => `arn:aws:apigateway:${region}::/apis/${id}`;

async function applyBeside(
  id: string,
  properties: Properties,
  tags: Readonly<Record<string, string>>,
  making: Making,
): Promise<void> {
  const { aws } = making;
  const beside = pick(properties, ofApi);
  if (Object.keys(beside).length > 0) await call(aws.apigatewayv2, 'UpdateApi', { ApiId: id, ...beside });
  if (Object.keys(tags).length > 0) await aws.apigatewayv2.TagResource({ ResourceArn: arnOf(id, making), Tags: tags });
}

/** What ImportApi wants of these properties; undefined where no document is among them. */
async function documentOf(properties: Properties, { aws }: Making): Promise<Properties | undefined> {
  const { Body, BodyS3Location, BasePath, FailOnWarnings } = properties;
  if (Body !== undefined && BodyS3Location !== undefined)
    throw new ServiceFault('BadRequestException', 'Specify either Body or BodyS3Location, and not both.', { status: 400 });
  if (Body === undefined && BodyS3Location === undefined) return undefined;
  const text = Body === undefined ? await s3Text(aws, BodyS3Location as S3Location) : documentText(Body);
  return { Body: text, ...(BasePath === undefined ? {} : { Basepath: BasePath }), ...pick({ FailOnWarnings }, 'FailOnWarnings') };
}

/** @source CloudFormation Template Reference, AWS::ApiGatewayV2::DomainName, read 2026-11 */
const domainName: ResourceType = {
  properties: behaviours({
    replaces: 'DomainName',
    updates: 'DomainNameConfigurations MutualTlsAuthentication RoutingMode Tags',
  }),
  required: ['DomainName'],
  attributes: ['DomainNameArn', 'RegionalDomainName', 'RegionalHostedZoneId'],
  async create(properties, making) {
    const made = await call(making.aws.apigatewayv2, 'CreateDomainName', {
      ...pick(properties, 'DomainName DomainNameConfigurations MutualTlsAuthentication RoutingMode'),
      Tags: tagMap(properties['Tags'], making),
    });
    const [first] = (made['DomainNameConfigurations'] ?? []) as Properties[];
    const id = String(made['DomainName']);
    return {
      id,
      attributes: {
        DomainNameArn: `arn:aws:apigateway:${making.region}::/domainnames/${id}`,
        RegionalDomainName: first?.['ApiGatewayDomainName'] ?? '',
        RegionalHostedZoneId: first?.['HostedZoneId'] ?? '',
      },
    };
  },
  async update(id, properties, _before, { aws }) {
    await call(aws.apigatewayv2, 'UpdateDomainName', {
      ...pick(properties, 'DomainNameConfigurations MutualTlsAuthentication RoutingMode'),
      DomainName: id,
    });
    return { id };
  },
  delete: (id, _properties, { aws }) => aws.apigatewayv2.DeleteDomainName({ DomainName: id }),
};

/** @source CloudFormation Template Reference, AWS::ApiGatewayV2::ApiMapping, read 2026-11 */
const apiMapping: ResourceType = {
  properties: behaviours({ replaces: 'DomainName', updates: 'ApiId ApiMappingKey Stage' }),
  required: ['DomainName', 'ApiId', 'Stage'],
  attributes: ['ApiMappingId'],
  async create(properties, { aws }) {
    const made = await call(aws.apigatewayv2, 'CreateApiMapping', properties);
    return { id: String(made['ApiMappingId']), attributes: { ApiMappingId: made['ApiMappingId'] } };
  },
  async update(id, properties, _before, { aws }) {
    await call(aws.apigatewayv2, 'UpdateApiMapping', { ...properties, ApiMappingId: id });
    return { id };
  },
  delete: (id, { DomainName }, { aws }) => aws.apigatewayv2.DeleteApiMapping({ DomainName, ApiMappingId: id }),
};

/** @source CloudFormation Template Reference, Amazon API Gateway V2, read 2026-11 */
export const apiGatewayV2: Readonly<Record<string, ResourceType>> = {
  'AWS::ApiGatewayV2::Api': api,
  'AWS::ApiGatewayV2::ApiMapping': apiMapping,
  'AWS::ApiGatewayV2::Authorizer': part('Authorizer', {
    required: ['AuthorizerType', 'Name'],
    updates:
      'AuthorizerCredentialsArn AuthorizerPayloadFormatVersion AuthorizerResultTtlInSeconds AuthorizerType AuthorizerUri EnableSimpleResponses IdentitySource IdentityValidationExpression JwtConfiguration Name',
  }),
  'AWS::ApiGatewayV2::Deployment': part('Deployment', { required: [], updates: 'Description', replaces: 'StageName' }),
  'AWS::ApiGatewayV2::DomainName': domainName,
  'AWS::ApiGatewayV2::Integration': part('Integration', {
    merges: ['RequestParameters', 'ResponseParameters'],
    required: ['IntegrationType'],
    updates:
      'ConnectionId ConnectionType ContentHandlingStrategy CredentialsArn Description IntegrationMethod IntegrationSubtype IntegrationType IntegrationUri PassthroughBehavior PayloadFormatVersion RequestParameters RequestTemplates ResponseParameters TemplateSelectionExpression TimeoutInMillis TlsConfig',
  }),
  'AWS::ApiGatewayV2::Route': part('Route', {
    required: ['RouteKey'],
    updates:
      'ApiKeyRequired AuthorizationScopes AuthorizationType AuthorizerId ModelSelectionExpression OperationName RequestModels RequestParameters RouteKey RouteResponseSelectionExpression Target',
  }),
  'AWS::ApiGatewayV2::Stage': part('Stage', {
    required: ['StageName'],
    member: 'StageName',
    merges: ['StageVariables'],
    deletes: { AccessLogSettings: 'DeleteAccessLogSettings' },
    replaces: 'StageName',
    updates:
      'AccessLogSettings AutoDeploy ClientCertificateId DefaultRouteSettings DeploymentId Description RouteSettings StageVariables Tags',
  }),
};
