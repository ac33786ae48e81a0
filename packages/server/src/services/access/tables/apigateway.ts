import { rolesIn } from '../../apigatewayv2/openapi/document.ts';
import { passRole, requestTags, text, type AnyInput, type Demand, type Place, type ServiceRules } from '../demand.ts';

/** Segments of a path, each with the member that follows it. */
type Path = readonly (readonly [segment: string, member: string])[];

const verbs: Readonly<Record<string, string>> = {
  Create: 'POST',
  Get: 'GET',
  Update: 'PATCH',
  Delete: 'DELETE',
  Put: 'PUT',
  Reset: 'DELETE',
  Flush: 'DELETE',
  Import: 'POST',
  TestInvoke: 'POST',
  Generate: 'POST',
  Export: 'GET',
  Reimport: 'PUT',
};

/** One that names what it makes makes it in the collection; the others are about what they name. */
const demand =
  (verb: string, path: Path) =>
  (input: AnyInput, { region }: Place): readonly Demand[] => {
    const last = path.length - 1;
    const resource = path
      .map(([segment, member], at) => {
        const name = verb === 'Create' && at === last ? undefined : text(input[member]);
        return name === undefined ? `/${segment}` : `/${segment}/${name}`;
      })
      .join('');
    return [
      {
        action: `apigateway:${verbs[verb]}`,
        resource: `arn:aws:apigateway:${region}::${resource}`,
        context: requestTags(input['Tags'] ?? input['tags']),
      },
      ...rolesOf(input).flatMap((role) => passRole(role, 'apigateway.amazonaws.com')),
    ];
  };

/** Roles that an input hands over, by itself, by what it changes, or in a document. */
function rolesOf(input: AnyInput): readonly string[] {
  const changes = Array.isArray(input['patchOperations']) ? (input['patchOperations'] as readonly AnyInput[]) : [];
  const body = input['Body'] ?? input['body'];
  const document = body instanceof Uint8Array ? Buffer.from(body).toString('utf8') : text(body);
  const given = [
    ...['CredentialsArn', 'credentials', 'AuthorizerCredentialsArn', 'authorizerCredentials'].map((name) => input[name]),
    ...changes.map(({ value }) => value),
    ...(document === undefined ? [] : rolesIn(document)),
  ];
  // What is done in the caller's own name, `arn:aws:iam::*:user/*`, hands over nothing.
  return [...new Set(given.flatMap((each) => text(each) ?? []))].filter((each) => /^arn:[^:]*:iam::[^:]*:role\//.test(each));
}

const tagged =
  (method: string) =>
  (input: AnyInput, { region }: Place): Demand => {
    const arn = text(input['ResourceArn'] ?? input['resourceArn']) ?? '';
    return {
      action: `apigateway:${method}`,
      resource: `arn:aws:apigateway:${region}::/tags/${encodeURIComponent(arn)}`,
      context: requestTags(input['Tags'] ?? input['tags']),
    };
  };

/** Every verb for a thing and for the list of them. */
const operationsOf = (paths: Readonly<Record<string, Path>>) =>
  Object.fromEntries(
    Object.entries(paths).flatMap(([noun, path]) =>
      Object.keys(verbs).flatMap((verb) => [noun, `${noun}s`].map((name) => [`${verb}${name}`, demand(verb, path)] as const)),
    ),
  );

/** The same by another HTTP method. */
const withMethod = (method: string, [first, ...others]: readonly Demand[]): readonly Demand[] =>
  first === undefined ? [] : [{ ...first, action: `apigateway:${method}` }, ...others];

const api: Path[number] = ['apis', 'ApiId'];
const domain: Path[number] = ['domainnames', 'DomainName'];

/**
 * API Gateway knows actions by the HTTP method of a call, and resources by its path.
 *
 * @source Service Authorization Reference, "Actions, resources, and condition keys for Amazon API Gateway Management V2", read 2026-11
 */
export const apiGatewayV2Rules: ServiceRules = {
  prefix: 'apigateway',
  operations: {
    ...operationsOf({
      Api: [api],
      CorsConfiguration: [api, ['cors', '']],
      Route: [api, ['routes', 'RouteId']],
      RouteRequestParameter: [api, ['routes', 'RouteId'], ['requestparameters', 'RequestParameterKey']],
      Integration: [api, ['integrations', 'IntegrationId']],
      Stage: [api, ['stages', 'StageName']],
      AccessLogSettings: [api, ['stages', 'StageName'], ['accesslogsettings', '']],
      RouteSettings: [api, ['stages', 'StageName'], ['routesettings', 'RouteKey']],
      AuthorizersCache: [api, ['stages', 'StageName'], ['cache', ''], ['authorizers', '']],
      Deployment: [api, ['deployments', 'DeploymentId']],
      Authorizer: [api, ['authorizers', 'AuthorizerId']],
      DomainName: [domain],
      ApiMapping: [domain, ['apimappings', 'ApiMappingId']],
    }),
    ExportApi: (input, { region }) => ({
      action: 'apigateway:GET',
      resource: `arn:aws:apigateway:${region}::/apis/${input.ApiId}/exports/${input.Specification}`,
    }),
    ImportApi: (input, place) => withMethod('PUT', demand('Create', [api])(input, place)),
    TagResource: tagged('POST'),
    UntagResource: tagged('DELETE'),
    GetTags: tagged('GET'),
  },
  resource: () => undefined,
};

const rest: Path[number] = ['restapis', 'restApiId'];

/** @source Service Authorization Reference, "Actions, resources, and condition keys for Amazon API Gateway Management", read 2026-11 */
export const apiGatewayRules: ServiceRules = {
  prefix: 'apigateway',
  operations: {
    ...operationsOf({
      RestApi: [rest],
      Resource: [rest, ['resources', 'resourceId']],
      Method: [rest, ['resources', 'resourceId'], ['methods', 'httpMethod']],
      MethodResponse: [rest, ['resources', 'resourceId'], ['methods', 'httpMethod'], ['responses', 'statusCode']],
      Integration: [rest, ['resources', 'resourceId'], ['methods', 'httpMethod'], ['integration', '']],
      IntegrationResponse: [
        rest,
        ['resources', 'resourceId'],
        ['methods', 'httpMethod'],
        ['integration', ''],
        ['responses', 'statusCode'],
      ],
      Deployment: [rest, ['deployments', 'deploymentId']],
      DocumentationPart: [rest, ['documentation', ''], ['parts', 'documentationPartId']],
      DocumentationVersion: [rest, ['documentation', ''], ['versions', 'documentationVersion']],
      Stage: [rest, ['stages', 'stageName']],
      StageCache: [rest, ['stages', 'stageName'], ['cache', ''], ['data', '']],
      StageAuthorizersCache: [rest, ['stages', 'stageName'], ['cache', ''], ['authorizers', '']],
      Sdk: [rest, ['stages', 'stageName'], ['sdks', 'sdkType']],
      Export: [rest, ['stages', 'stageName'], ['exports', 'exportType']],
      Authorizer: [rest, ['authorizers', 'authorizerId']],
      Model: [rest, ['models', 'modelName']],
      ModelTemplate: [rest, ['models', 'modelName'], ['default_template', '']],
      RequestValidator: [rest, ['requestvalidators', 'requestValidatorId']],
      GatewayResponse: [rest, ['gatewayresponses', 'responseType']],
      ApiKey: [['apikeys', 'apiKey']],
      UsagePlan: [['usageplans', 'usagePlanId']],
      UsagePlanKey: [
        ['usageplans', 'usagePlanId'],
        ['keys', 'keyId'],
      ],
      DomainName: [['domainnames', 'domainName']],
      BasePathMapping: [
        ['domainnames', 'domainName'],
        ['basepathmappings', 'basePath'],
      ],
      Account: [['account', '']],
      VpcLink: [['vpclinks', 'vpcLinkId']],
      ClientCertificate: [['clientcertificates', 'clientCertificateId']],
    }),
    // Not a new thing, but others for those that are there.
    ImportDocumentationParts: demand('Put', [rest, ['documentation', ''], ['parts', '']]),
    TagResource: tagged('PUT'),
    UntagResource: tagged('DELETE'),
    GetTags: tagged('GET'),
  },
  resource: () => undefined,
};
