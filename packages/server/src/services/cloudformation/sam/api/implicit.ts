import { withGlobals } from '../globals.ts';
import type { Draft } from '../draft.ts';
import { given, isMap, type Fields } from '../values.ts';

interface Kind {
  readonly event: string;
  /** The property by which an event names its API. */
  readonly reference: string;
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Fields;
}

export const implicitHttpApi: Kind = {
  event: 'HttpApi',
  reference: 'ApiId',
  logicalId: 'ServerlessHttpApi',
  type: 'AWS::Serverless::HttpApi',
  properties: {},
};
export const implicitRestApi: Kind = {
  event: 'Api',
  reference: 'RestApiId',
  logicalId: 'ServerlessRestApi',
  type: 'AWS::Serverless::Api',
  properties: { StageName: 'Prod' },
};

/** The APIs of a template that are there because events of functions name none. */
export function addImplicitApis(draft: Draft, globals: Readonly<Record<string, Fields>>): void {
  for (const kind of [implicitHttpApi, implicitRestApi]) {
    const functions = Object.values(draft.written).filter(
      (resource): resource is Fields => isMap(resource) && hasEvent(resource, kind),
    );
    if (functions.length === 0 || draft.find(kind.logicalId) !== undefined) continue;
    const conditions = functions.map(({ Condition }) => (typeof Condition === 'string' ? Condition : undefined));
    draft.written[kind.logicalId] = given({
      Type: kind.type,
      Properties: withGlobals(kind.properties, globals[kind.type] ?? {}),
      Condition: draft.any(conditions, `${kind.logicalId}Condition`),
      DeletionPolicy: safest(functions.map(({ DeletionPolicy }) => DeletionPolicy)),
      UpdateReplacePolicy: safest(functions.map(({ UpdateReplacePolicy }) => UpdateReplacePolicy)),
    });
  }
}

function hasEvent({ Type: type, Properties: properties }: Fields, kind: Kind): boolean {
  if (type !== 'AWS::Serverless::Function' || !isMap(properties) || !isMap(properties['Events'])) return false;
  return Object.values(properties['Events']).some((event) => {
    if (!isMap(event) || event['Type'] !== kind.event) return false;
    return !isMap(event['Properties']) || event['Properties'][kind.reference] === undefined;
  });
}

const safest = (policies: readonly unknown[]): unknown =>
  policies.includes('Retain') ? 'Retain' : policies.find((policy) => policy !== undefined);
