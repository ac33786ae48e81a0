import { readS3Uri } from '../code.ts';
import type { Draft, SamResource } from '../draft.ts';
import { InvalidResource } from '../faults.ts';
import { readProperties, shapeOf } from '../shape.ts';
import { asMap, given, isIntrinsic, isMap, pick, ref, sub, type Fields } from '../values.ts';
import { addHttpDomain } from './domain.ts';
import { httpSecurity, readHttpAuth, securitySchemes } from './http-authorizers.ts';
import { anyMethod, operationOf, pathsWith, type Route } from './route.ts';

const shape = shapeOf({
  any: 'Name',
  text: 'Description',
  map: 'Tags DefinitionBody Auth AccessLogSettings DefaultRouteSettings Domain RouteSettings StageVariables',
  typed: {
    text: 'StageName',
    'text or map': 'DefinitionUri',
    'flag or map': 'CorsConfiguration',
    flag: 'FailOnWarnings DisableExecuteApiEndpoint PropagateTags',
  },
});
const corsFields = ['AllowOrigins', 'AllowHeaders', 'AllowMethods', 'ExposeHeaders', 'MaxAge', 'AllowCredentials'];

/** `AWS::Serverless::HttpApi`: an API whose document holds the routes of the functions that it calls, and its stage. */
export function translateHttpApi(resource: SamResource, draft: Draft): void {
  const { logicalId, type, inherited, own } = resource;
  const properties = readProperties(shape, logicalId, type, resource.properties);
  const routes = draft.routes.get(logicalId) ?? [];
  const body = bodyOf(logicalId, properties, routes, draft);
  const { FailOnWarnings, DefinitionUri } = properties;
  draft.add(logicalId, 'AWS::ApiGatewayV2::Api', { ...body, FailOnWarnings }, { ...own, ...inherited });
  const { StageName: stage = '$default', RouteSettings } = properties;
  const settings = {
    ...asMap(RouteSettings),
    ...Object.fromEntries(routes.flatMap((route) => (route.settings === undefined ? [] : [[routeKey(route), route.settings]]))),
  };
  const stageId =
    stage === '$default' ? `${logicalId}ApiGatewayDefaultStage` : `${logicalId}${typeof stage === 'string' ? stage : ''}Stage`;
  draft.renamed.set(`${logicalId}.Stage`, stageId);
  if (isMap(properties['Domain']))
    addHttpDomain({ logicalId, stageId, domain: properties['Domain'], inherited, draft }, tagsOf(properties));
  draft.add(
    stageId,
    'AWS::ApiGatewayV2::Stage',
    {
      ...pick(properties, ['AccessLogSettings', 'DefaultRouteSettings', 'StageVariables']),
      RouteSettings: Object.keys(settings).length === 0 ? undefined : settings,
      ApiId: ref(logicalId),
      StageName: stage,
      Tags: DefinitionUri === undefined ? tagsOf(properties) : undefined,
      AutoDeploy: true,
    },
    inherited,
  );
}

const tagsOf = ({ Tags }: Fields): Fields => ({ ...asMap(Tags), 'httpapi:createdBy': 'SAM' });
const routeKey = ({ method, path }: Route): string => (method === anyMethod ? path : `${method.toUpperCase()} ${path}`);

function bodyOf(logicalId: string, properties: Fields, routes: readonly Route[], draft: Draft): Fields {
  const { DefinitionBody, DefinitionUri, CorsConfiguration, Auth, Tags } = properties;
  if (DefinitionBody !== undefined && DefinitionUri !== undefined)
    throw new InvalidResource(logicalId, `Specify either 'DefinitionUri' or 'DefinitionBody' property and not both.`);
  if (DefinitionUri === undefined) return { Body: documentOf(logicalId, properties, routes, draft) };
  const only = (what: string, where: string): InvalidResource =>
    new InvalidResource(logicalId, `${what} works only with inline OpenApi specified in ${where} property.`);
  if (Auth !== undefined) throw only('Auth', `the 'DefinitionBody'`);
  if (Tags !== undefined) throw only('Tags', `the 'DefinitionBody'`);
  if (CorsConfiguration !== undefined && CorsConfiguration !== false) throw only('Cors', `'DefinitionBody'`);
  const { bucket, key, version } = readS3Uri(DefinitionUri, 'DefinitionUri', logicalId, draft);
  return { BodyS3Location: given({ Bucket: bucket, Key: key, Version: version }) };
}

function documentOf(logicalId: string, properties: Fields, routes: readonly Route[], draft: Draft): Fields {
  const { DefinitionBody, Auth, CorsConfiguration, DisableExecuteApiEndpoint } = properties;
  const { partition } = draft.context;
  const auth = readHttpAuth(logicalId, Auth);
  const schemes = securitySchemes(logicalId, auth, partition);
  addAuthorizerPermissions(logicalId, auth.authorizers, draft);
  const written = isMap(DefinitionBody)
    ? DefinitionBody
    : { openapi: '3.0.1', info: { version: '1.0', title: ref('AWS::StackName') }, paths: {} };
  const operation = (route: Route): Fields => ({
    ...operationOf(route, '${AWS::Partition}'),
    ...(route.path === '$default' ? { isDefaultRoute: true } : {}),
    ...httpSecurity(route, auth),
  });
  const components = asMap(written['components']);
  return given({
    ...written,
    info: infoOf(logicalId, properties, written['info'], DefinitionBody !== undefined),
    paths:
      written['paths'] === undefined && routes.length === 0
        ? undefined
        : pathsWith(asMap(written['paths']), routes, { apiId: logicalId, draft, operation }),
    components: Object.keys(schemes).length === 0 ? written['components'] : { ...components, securitySchemes: schemes },
    'x-amazon-apigateway-cors': corsOf(logicalId, CorsConfiguration) ?? written['x-amazon-apigateway-cors'],
    servers:
      DisableExecuteApiEndpoint === undefined
        ? written['servers']
        : [{ 'x-amazon-apigateway-endpoint-configuration': { disableExecuteApiEndpoint: DisableExecuteApiEndpoint } }],
    tags: Object.entries(tagsOf(properties)).map(([name, value]) => ({ name, 'x-amazon-apigateway-tag-value': value })),
  });
}

function infoOf(logicalId: string, { Name, Description }: Fields, written: unknown, isOwn: boolean): unknown {
  const info = asMap(written);
  for (const [name, field, value] of [
    ['Name', 'title', Name],
    ['Description', 'description', Description],
  ] as const)
    if (isOwn && value !== undefined && info[field] !== undefined)
      throw new InvalidResource(
        logicalId,
        `Unable to set ${name} because it is already defined within inline OpenAPI specified in the 'DefinitionBody' property.`,
      );
  if (Name === undefined && Description === undefined) return written;
  return { ...info, ...given({ title: Name, description: Description }) };
}

function corsOf(logicalId: string, cors: unknown): Fields | undefined {
  if (cors === undefined || cors === false) return undefined;
  if (cors === true) return { allowOrigins: ['*'] };
  if (!isMap(cors) || isIntrinsic(cors)) return cors as Fields;
  const unknown = Object.keys(cors).find((name) => !corsFields.includes(name));
  if (unknown !== undefined) throw new InvalidResource(logicalId, `Invalid key '${unknown}' for 'Cors' property.`);
  return Object.fromEntries(Object.entries(cors).map(([name, value]) => [name.slice(0, 1).toLowerCase() + name.slice(1), value]));
}

/** Lets the API call the functions that decide who may call it, where it is told to. */
function addAuthorizerPermissions(logicalId: string, authorizers: Fields, draft: Draft): void {
  for (const [name, authorizer] of Object.entries(authorizers)) {
    if (!isMap(authorizer) || authorizer['EnableFunctionDefaultPermissions'] !== true) continue;
    draft.add(`${logicalId}${name}AuthorizerPermission`, 'AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      FunctionName: authorizer['FunctionArn'],
      Principal: 'apigateway.amazonaws.com',
      SourceArn: sub('arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/authorizers/*', {
        __ApiId__: ref(logicalId),
      }),
    });
  }
}
