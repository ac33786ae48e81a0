import { implicitRestApi } from '../api/implicit.ts';
import { stageSuffix } from '../api/rest-api.ts';
import { readRequestModel } from '../api/models.ts';
import { readRequestParameters } from '../api/request-parameters.ts';
import { checkRestAuthorizer } from '../api/rest-authorizers.ts';
import { executionPath, methodOf } from '../api/route.ts';
import { shapeOf } from '../shape.ts';
import { asMap, isIntrinsic, given, isMap, ref, sub } from '../values.ts';
import { addRoute } from './api-route.ts';
import { faulty, permit, type EventType } from './event.ts';

/** A method of a REST API. */
export const api: EventType = {
  shape: shapeOf({
    any: 'Path Method RestApiId',
    text: 'Stage ResponseTransferMode',
    map: 'Auth RequestModel',
    typed: { list: 'RequestParameters', number: 'TimeoutInMillis' },
  }),
  add(event) {
    const { properties, draft } = event;
    const { Path: path, Method: written, RestApiId: named, TimeoutInMillis } = properties;
    if (path === undefined) throw faulty(event, `Property 'Path' is required.`);
    if (written === undefined) throw faulty(event, `Property 'Method' is required.`);
    if (typeof path !== 'string') throw faulty(event, `Property 'Path' should be a string.`);
    if (typeof written !== 'string') throw faulty(event, `Property 'Method' should be a string.`);
    if (properties['ResponseTransferMode'] !== undefined)
      throw faulty(event, 'Mayfly does not translate ResponseTransferMode of an Api event yet.');
    const method = methodOf(written);
    if (named !== undefined && typeof named !== 'string' && !isIntrinsic(named))
      throw faulty(event, `Property 'RestApiId' should be a string.`);
    const apiId = named === undefined ? implicitRestApi.logicalId : isMap(named) ? named['Ref'] : undefined;
    const resource = typeof apiId === 'string' ? draft.find(apiId) : undefined;
    if (typeof apiId !== 'string' || resource?.['Type'] !== implicitRestApi.type)
      throw faulty(event, `RestApiId must be a valid reference to an 'AWS::Serverless::Api' resource in same template.`);
    const of = asMap(resource['Properties']);
    const auth = asMap(properties['Auth']);
    const { declared, cacheKeys } = readRequestParameters(event);
    const integration = given({
      timeoutInMillis: TimeoutInMillis,
      cacheKeyParameters: cacheKeys.length === 0 ? undefined : cacheKeys,
    });
    checkRestAuthorizer(event, of['Auth'], { path, method, auth });
    const model = readRequestModel(event, of['Models'], { path, method });
    addRoute(
      event,
      apiId,
      { path, method, auth, integration, parameters: declared, model },
      `"${method}" defined multiple times for path "${path}"`,
    );
    const { partition } = draft.context;
    const arn = `arn:${partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${__ApiId__}/\${__Stage__}/`;
    permit(event, 'apigateway.amazonaws.com', {
      suffix: stageSuffix(of['StageName']),
      SourceArn: sub(`${arn}${executionPath(path, method)}`, { __ApiId__: ref(apiId), __Stage__: '*' }),
    });
  },
};
