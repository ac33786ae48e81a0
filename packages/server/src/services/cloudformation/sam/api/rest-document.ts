import { readS3Uri } from '../code.ts';
import type { Draft } from '../draft.ts';
import { InvalidResource } from '../faults.ts';
import { textOf, asMap, given, isIntrinsic, isMap, ref, sub, type Fields } from '../values.ts';
import { preflight, readCors, type Cors } from './cors.ts';
import { modelOf, readModels, validatorsOf } from './models.ts';
import { credentialsOf, readRestAuth, restSecurity, securityDefinitions, type RestAuth } from './rest-authorizers.ts';
import { resourcePolicy } from './resource-policy.ts';
import { operationOf, pathsWith, type Route } from './route.ts';

/** The document: in a bucket, or here. */
export function contentOf(logicalId: string, properties: Fields, draft: Draft): Fields {
  const { DefinitionBody, DefinitionUri, Cors: cors, Auth: auth } = properties;
  if (DefinitionBody !== undefined && DefinitionUri !== undefined)
    throw new InvalidResource(logicalId, `Specify either 'DefinitionUri' or 'DefinitionBody' property and not both.`);
  if (DefinitionUri === undefined) return { Body: documentOf(logicalId, properties, draft) };
  if (cors !== undefined)
    throw new InvalidResource(logicalId, `Cors works only with inline Swagger specified in 'DefinitionBody' property.`);
  if (auth !== undefined)
    throw new InvalidResource(logicalId, `Auth works only with inline Swagger specified in 'DefinitionBody' property.`);
  if (properties['Models'] !== undefined)
    throw new InvalidResource(logicalId, `Models works only with inline Swagger specified in 'DefinitionBody' property.`);
  const { bucket, key, version } = readS3Uri(DefinitionUri, 'DefinitionUri', logicalId, draft);
  return { BodyS3Location: given({ Bucket: bucket, Key: key, Version: version }) };
}

function documentOf(logicalId: string, properties: Fields, draft: Draft): Fields {
  const { DefinitionBody, OpenApiVersion, BinaryMediaTypes, GatewayResponses, DisableExecuteApiEndpoint } = properties;
  if (OpenApiVersion !== undefined && !/^[23]\.\d+(\.\d+)?$/.test(textOf(OpenApiVersion)))
    throw new InvalidResource(logicalId, `The OpenApiVersion value must be of the format '3.0.0'.`);
  const { partition } = draft.context;
  const cors = readCors(logicalId, properties['Cors']);
  const auth = readRestAuth(logicalId, properties['Auth']);
  // A document of the template's own is left as it is; functions are written into one that SAM makes.
  const routes = DefinitionBody === undefined ? (draft.routes.get(logicalId) ?? []) : [];
  const definitions = securityDefinitions(logicalId, auth, routes, partition);
  addAuthorizerPermissions(logicalId, auth.authorizers, draft);
  const written = isMap(DefinitionBody)
    ? DefinitionBody
    : { swagger: '2.0', info: { version: '1.0', title: ref('AWS::StackName') }, paths: {} };
  const isOpenApi3 = textOf(OpenApiVersion ?? written['openapi']).startsWith('3');
  const models = readModels(logicalId, properties['Models']);
  const operation = (route: Route): Fields => ({
    ...operationOf(route, partition, credentialsOf(route, auth, partition)),
    ...modelOf(route, isOpenApi3),
    ...restSecurity(route, auth),
  });
  const paths = withPreflights(asMap(written['paths']), routes, cors, auth, isOpenApi3);
  const { swagger, ...others } = written;
  const components = asMap(written['components']);
  const hasDefinitions = Object.keys(definitions).length > 0;
  const hasModels = Object.keys(models).length > 0;
  return given({
    ...(isOpenApi3 ? { ...others, openapi: OpenApiVersion ?? written['openapi'] } : { ...others, swagger }),
    paths:
      DefinitionBody === undefined || written['paths'] !== undefined
        ? pathsWith(paths, routes, { apiId: logicalId, draft, operation })
        : undefined,
    ...(isOpenApi3 && (hasDefinitions || hasModels)
      ? {
          components: {
            ...components,
            ...(hasDefinitions ? { securitySchemes: definitions } : {}),
            ...(hasModels ? { schemas: models } : {}),
          },
        }
      : {}),
    ...(hasModels && !isOpenApi3 ? { definitions: { ...asMap(written['definitions']), ...models } } : {}),
    'x-amazon-apigateway-request-validators': validatorsOf(routes) ?? written['x-amazon-apigateway-request-validators'],
    ...(hasDefinitions && !isOpenApi3 ? { securityDefinitions: definitions } : {}),
    'x-amazon-apigateway-binary-media-types': Array.isArray(BinaryMediaTypes)
      ? BinaryMediaTypes.map((each: unknown) => (typeof each === 'string' ? each.replaceAll('~1', '/') : each))
      : (BinaryMediaTypes ?? written['x-amazon-apigateway-binary-media-types']),
    'x-amazon-apigateway-policy':
      resourcePolicy(asMap(properties['Auth'])['ResourcePolicy'], properties['StageName'], routes, methodsOf(paths, routes)) ??
      written['x-amazon-apigateway-policy'],
    'x-amazon-apigateway-gateway-responses': isMap(GatewayResponses)
      ? gatewayResponses(GatewayResponses)
      : written['x-amazon-apigateway-gateway-responses'],
    ...endpointSettings(DisableExecuteApiEndpoint, isOpenApi3),
  });
}

/** Methods by path: those of the document and those of functions. */
function methodsOf(paths: Fields, routes: readonly Route[]): ReadonlyMap<string, readonly string[]> {
  const all = new Set([...Object.keys(paths), ...routes.map(({ path }) => path)]);
  return new Map(
    [...all].map((path) => {
      const added = routes.filter((route) => route.path === path).map(({ method }) => method);
      return [path, [...new Set([...Object.keys(asMap(paths[path])), ...added])]];
    }),
  );
}

function endpointSettings(isDisabled: unknown, isOpenApi3: boolean): Fields {
  if (isDisabled === undefined) return {};
  const settings = { 'x-amazon-apigateway-endpoint-configuration': { disableExecuteApiEndpoint: isDisabled } };
  return isOpenApi3 ? { servers: [settings] } : settings;
}

/** A preflight for each path that has none. */
function withPreflights(
  paths: Fields,
  routes: readonly Route[],
  cors: Cors | undefined,
  auth: RestAuth,
  isOpenApi3: boolean,
): Fields {
  if (cors === undefined) return paths;
  const { byDefault } = auth;
  const security =
    auth.isOfPreflight && byDefault !== undefined ? restSecurity({ auth: {} }, { ...auth, isKeyRequired: false }) : {};
  const all = new Set([...Object.keys(paths), ...routes.map(({ path }) => path)]);
  return Object.fromEntries(
    [...all].map((path) => {
      const before = asMap(paths[path]);
      const added = routes.filter((route) => route.path === path).map(({ method }) => method);
      if (isIntrinsic(paths[path]) || before['options'] !== undefined || added.includes('options')) return [path, before];
      const methods = [...Object.keys(before), ...added];
      return [path, { ...before, options: { ...preflight(cors, methods, isOpenApi3), ...security } }];
    }),
  );
}

/** What API Gateway answers when it does not get as far as the function. */
function gatewayResponses(responses: Fields): Fields {
  const places = [
    ['Headers', 'header'],
    ['Paths', 'path'],
    ['QueryStrings', 'querystring'],
  ] as const;
  return Object.fromEntries(
    Object.entries(responses).map(([name, written]) => {
      const response = asMap(written);
      const parameters = asMap(response['ResponseParameters']);
      const responseParameters = places.flatMap(([field, place]) =>
        Object.entries(asMap(parameters[field])).map(([key, value]) => [`gatewayresponse.${place}.${key}`, value] as const),
      );
      const { ResponseTemplates: templates = {}, StatusCode } = response;
      return [
        name,
        given({
          responseParameters: Object.fromEntries(responseParameters),
          responseTemplates: templates,
          statusCode: typeof StatusCode === 'number' ? String(StatusCode) : StatusCode,
        }),
      ];
    }),
  );
}

/** Lets the API call the functions that decide who may call it. */
function addAuthorizerPermissions(logicalId: string, authorizers: Fields, draft: Draft): void {
  for (const [name, authorizer] of Object.entries(authorizers)) {
    if (!isMap(authorizer) || authorizer['FunctionArn'] === undefined) continue;
    const arn = `arn:${draft.context.partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${__ApiId__}/authorizers/*`;
    draft.add(`${logicalId}${name}AuthorizerPermission`, 'AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      FunctionName: authorizer['FunctionArn'],
      Principal: 'apigateway.amazonaws.com',
      SourceArn: sub(arn, { __ApiId__: ref(logicalId) }),
    });
  }
}
