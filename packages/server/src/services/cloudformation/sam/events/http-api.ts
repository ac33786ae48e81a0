import { isDeepStrictEqual } from 'node:util';
import { anyMethod, executionPath, methodOf } from '../api/route.ts';
import { implicitHttpApi } from '../api/implicit.ts';
import { checkHttpAuthorizer } from '../api/http-authorizers.ts';
import { shapeOf } from '../shape.ts';
import { isIntrinsic, asMap, given, isMap, ref, sub, type Fields } from '../values.ts';
import { addRoute } from './api-route.ts';
import { faulty, permit, type Event, type EventType } from './event.ts';

/** A route of an HTTP API; without path and method, what no other route takes. */
export const httpApi: EventType = {
  shape: shapeOf({
    any: 'Path Method ApiId RouteSettings',
    text: 'Stage PayloadFormatVersion',
    map: 'Auth',
    typed: { number: 'TimeoutInMillis' },
  }),
  add(event) {
    const { properties, draft } = event;
    const { Path: path = '$default', Method: written = anyMethod } = properties;
    if (properties['Path'] === undefined && properties['Method'] !== undefined)
      throw faulty(event, `Property 'Path' is required.`);
    if (properties['Method'] === undefined && properties['Path'] !== undefined)
      throw faulty(event, `Property 'Method' is required.`);
    if (typeof path !== 'string') throw faulty(event, `Property 'Path' should be a string.`);
    if (typeof written !== 'string') throw faulty(event, `Property 'Method' should be a string.`);
    const method = methodOf(written);
    const named = properties['ApiId'];
    if (named !== undefined && typeof named !== 'string' && !isIntrinsic(named))
      throw faulty(event, `Property 'ApiId' should be a string.`);
    const apiId = named === undefined ? implicitHttpApi.logicalId : isMap(named) ? named['Ref'] : undefined;
    const api = typeof apiId === 'string' ? draft.find(apiId) : undefined;
    if (typeof apiId !== 'string' || api?.['Type'] !== implicitHttpApi.type)
      throw faulty(event, `ApiId must be a valid reference to an 'AWS::Serverless::HttpApi' resource in same template.`);
    const { TimeoutInMillis, PayloadFormatVersion = '2.0', RouteSettings, Auth } = properties;
    const integration = given({ payloadFormatVersion: PayloadFormatVersion, timeoutInMillis: TimeoutInMillis });
    const auth = asMap(Auth);
    if (RouteSettings !== undefined && !isMap(RouteSettings)) throw faulty(event, `Property 'RouteSettings' should be a map.`);
    const settings = isMap(RouteSettings) ? RouteSettings : undefined;
    checkHttpAuthorizer(event, isMap(api['Properties']) ? api['Properties']['Auth'] : undefined, { path, method, auth });
    addRoute(
      event,
      apiId,
      { path, method, auth, integration, parameters: inPath(path), settings },
      `'${method}' defined multiple times for path '${path}'`,
    );
    if (path !== '$default' && mayAll(event)) return;
    const of = path === '$default' ? '*' : executionPath(path, method);
    permit(event, 'apigateway.amazonaws.com', {
      SourceArn: sub(`arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${__ApiId__}/\${__Stage__}/${of}`, {
        __ApiId__: ref(apiId),
        __Stage__: '*',
      }),
    });
  },
};

/** Whether another event of the function takes whatever its API gets: then the API may call it by any route. */
const mayAll = ({ siblings, properties }: Event): boolean =>
  Object.values(siblings).some((sibling) => {
    if (!isMap(sibling) || sibling['Type'] !== 'HttpApi') return false;
    const { Path, ApiId } = asMap(sibling['Properties']);
    return Path === undefined && isDeepStrictEqual(ApiId, properties['ApiId']);
  });

/** Parameters in a path must be declared. */
const inPath = (path: string): readonly Fields[] =>
  [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => ({ required: true, name, in: 'path' }));
