import type { Draft, SamResource } from '../draft.ts';
import { InvalidResource } from '../faults.ts';
import { hashOf, hashedId } from '../logical-id.ts';
import { readProperties, shapeOf } from '../shape.ts';
import { asMap, given, isIntrinsic, isMap, pick, ref, tagList, type Fields } from '../values.ts';
import { addRestDomain } from './domain.ts';
import { contentOf } from './rest-document.ts';
import { addUsagePlan } from './usage-plan.ts';

const shape = shapeOf({
  text: 'CacheClusterSize OpenApiVersion Description Mode ApiKeySourceType SecurityPolicy EndpointAccessMode',
  map: 'Tags DefinitionBody Variables Auth GatewayResponses AccessLogSetting CanarySetting Models Domain',
  typed: {
    text: 'Name StageName',
    'text or map': 'DefinitionUri EndpointConfiguration Cors Policy',
    flag: 'CacheClusterEnabled TracingEnabled FailOnWarnings DisableExecuteApiEndpoint PropagateTags',
    list: 'MethodSettings BinaryMediaTypes',
    number: 'MinimumCompressionSize',
  },
  known: { flag: 'MergeDefinitions AlwaysDeploy' },
  required: 'StageName',
});

/** `AWS::Serverless::Api`: a REST API whose document holds the methods that call functions, a deployment of it, and its stage. */
export function translateRestApi(resource: SamResource, draft: Draft): void {
  const { logicalId, type, inherited, own } = resource;
  const properties = readProperties(shape, logicalId, type, resource.properties);
  for (const name of ['MergeDefinitions', 'AlwaysDeploy'])
    if (properties[name] !== undefined)
      throw new InvalidResource(logicalId, `Mayfly does not translate ${name} of AWS::Serverless::Api yet.`);
  const content = contentOf(logicalId, properties, draft);
  const { Tags, Name, StageName } = properties;
  const tags = isMap(Tags) ? tagList(Tags) : undefined;
  draft.add(
    logicalId,
    'AWS::ApiGateway::RestApi',
    {
      ...content,
      ...endpointOf(properties),
      ...pick(properties, [
        'Description',
        'FailOnWarnings',
        'BinaryMediaTypes',
        'MinimumCompressionSize',
        'Mode',
        'ApiKeySourceType',
        'SecurityPolicy',
        'EndpointAccessMode',
        'Policy',
      ]),
      Name,
      Tags: properties['PropagateTags'] === true ? tags : undefined,
    },
    { ...own, ...inherited },
  );
  const deploymentId = addDeployment(logicalId, content, properties, inherited, draft);
  const suffix = stageSuffix(StageName);
  const stageId = `${logicalId}${isPlain(StageName) ? `${suffix}Stage` : suffix === 'Stage' ? suffix : `Stage${suffix}`}`;
  if (isMap(properties['Domain'])) addRestDomain({ logicalId, stageId, domain: properties['Domain'], inherited, draft });
  addUsagePlan({ logicalId, stageId, plan: asMap(properties['Auth'])['UsagePlan'], inherited, draft });
  draft.renamed.set(`${logicalId}.Stage`, stageId);
  draft.add(
    stageId,
    'AWS::ApiGateway::Stage',
    {
      ...pick(properties, [
        'AccessLogSetting',
        'CacheClusterEnabled',
        'CacheClusterSize',
        'CanarySetting',
        'MethodSettings',
        'StageName',
        'TracingEnabled',
        'Variables',
      ]),
      DeploymentId: ref(deploymentId),
      RestApiId: ref(logicalId),
      Tags: tags,
    },
    inherited,
  );
}

const isPlain = (stage: unknown): stage is string => typeof stage === 'string' && /^[A-Za-z0-9]+$/.test(stage);

/** What logical ids say of a stage: its name where they can. */
export function stageSuffix(stage: unknown): string {
  if (isPlain(stage)) return stage;
  return typeof stage === 'string' ? hashedId('', stage) : 'Stage';
}

/**
 * A deployment never changes; so a document that did needs a new one.
 *
 * SAM hashes the document in a form of its own; the hash here is of the same document, as JSON.
 */
function addDeployment(logicalId: string, content: Fields, { OpenApiVersion }: Fields, inherited: Fields, draft: Draft): string {
  const hash = hashOf(content['Body'] ?? content['BodyS3Location']);
  const deploymentId = `${logicalId}Deployment${hash.slice(0, 10)}`;
  const deployment = {
    Description: `RestApi deployment id: ${hash}`,
    RestApiId: ref(logicalId),
    StageName: OpenApiVersion === undefined ? 'Stage' : undefined,
  };
  draft.add(deploymentId, 'AWS::ApiGateway::Deployment', deployment, inherited);
  draft.renamed.set(`${logicalId}.Deployment`, deploymentId);
  return deploymentId;
}

function endpointOf({ EndpointConfiguration: written }: Fields): Fields {
  if (written === undefined) return {};
  const isMore = isMap(written) && !isIntrinsic(written);
  const type = isMore ? written['Type'] : written;
  const endpoints = isMore ? written['VPCEndpointIds'] : undefined;
  return {
    EndpointConfiguration: given({ Types: [type], VpcEndpointIds: endpoints }),
    Parameters: { endpointConfigurationTypes: type },
  };
}
