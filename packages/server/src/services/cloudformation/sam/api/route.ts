import type { Draft } from '../draft.ts';
import type { RequestModel } from './models.ts';
import { textOf, asMap, iff, noValue, sub, type Fields } from '../values.ts';

/** A method of an API that calls a function. */
export interface Route {
  readonly path: string;
  /** In lower case; `x-amazon-apigateway-any-method` for any. */
  readonly method: string;
  readonly condition: string | undefined;
  readonly consumerArn: Fields;
  /** The event's own `Auth`. */
  readonly auth: Fields;
  /** What the integration says besides. */
  readonly integration: Fields;
  /** What the method takes besides a body. */
  readonly parameters: readonly Fields[];
  readonly settings?: Fields | undefined;
  /** Of REST APIs. */
  readonly model?: RequestModel | undefined;
}

export const anyMethod = 'x-amazon-apigateway-any-method';
export const methodOf = (written: string): string => (written.toLowerCase() === 'any' ? anyMethod : written.toLowerCase());

/** Where API Gateway calls a function. */
function invocationUri({ consumerArn, condition }: Route, partition: string): unknown {
  const path = consumerArn['Fn::GetAtt'];
  const arn = Array.isArray(path) ? path.join('.') : textOf(consumerArn['Ref']);
  const uri = sub(`arn:${partition}:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${${arn}}/invocations`);
  return condition === undefined ? uri : iff(condition, uri, noValue);
}

export const operationOf = (route: Route, partition: string, integration: Fields = {}): Fields => ({
  'x-amazon-apigateway-integration': {
    httpMethod: 'POST',
    type: 'aws_proxy',
    uri: invocationUri(route, partition),
    ...route.integration,
    ...integration,
  },
  responses: {},
  ...(route.parameters.length === 0 ? {} : { parameters: route.parameters }),
});

/** The part of an execution's ARN that stands for a method: path parameters match anything. */
export function executionPath(path: string, method: string): string {
  const word = method === anyMethod || method === '*' ? '*' : method.toUpperCase();
  return `${word}${path.replace(/\{([\w.-]|proxy\+)*\}/g, '*')}`;
}

/** The paths of a document with these routes among them, each under the conditions of the functions that it calls. */
export function pathsWith(
  paths: Fields,
  routes: readonly Route[],
  options: { readonly apiId: string; readonly draft: Draft; readonly operation: (route: Route) => Fields },
): Fields {
  const { apiId, draft, operation } = options;
  const all: Record<string, unknown> = { ...paths };
  for (const path of new Set(routes.map((route) => route.path))) {
    const here = routes.filter((route) => route.path === path);
    const before = asMap(all[path]);
    const methods: Record<string, unknown> = { ...before };
    for (const route of here) {
      const was = asMap(before[route.method]);
      const now = { ...was, ...operation(route) };
      methods[route.method] = route.condition === undefined ? now : iff(route.condition, now, noValue);
    }
    // A preflight is there for the sake of the others.
    const isWhole = Object.keys(before).every((method) => method === 'options' || here.some((route) => route.method === method));
    const conditions = isWhole ? here.map(({ condition }) => condition) : [undefined];
    const condition = draft.any(conditions, `${apiId}${pathName(path)}PathCondition`);
    all[path] = condition === undefined ? methods : iff(condition, methods, noValue);
  }
  return all;
}

/** A path as part of a logical id. */
const pathName = (path: string): string =>
  path
    .replaceAll('/', 'SLASH')
    .replaceAll('{', 'OB')
    .replaceAll('}', 'CB')
    .replace(/[^A-Za-z0-9]/g, '');
