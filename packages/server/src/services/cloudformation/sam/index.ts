import { translateApplication } from './application.ts';
import { translateHttpApi } from './api/http-api.ts';
import { addImplicitApis } from './api/implicit.ts';
import { translateRestApi } from './api/rest-api.ts';
import { connectorsOf, translateConnector } from './connector/index.ts';
import { Draft, type SamContext, type SamResource } from './draft.ts';
import { InvalidPart, InvalidResource, invalidDocument } from './faults.ts';
import { translateFunction } from './function/index.ts';
import { readGlobals, withGlobals } from './globals.ts';
import { translateLayerVersion } from './layer-version.ts';
import { parameterValues } from './parameters.ts';
import { renamed } from './renamed.ts';
import { translateSimpleTable } from './simple-table.ts';
import { translateStateMachine } from './state-machine/index.ts';
import { textOf, isMap, own, pick, type Fields } from './values.ts';

export type { SamContext } from './draft.ts';

type Translate = (resource: SamResource, draft: Draft) => void;

const translations: ReadonlyMap<string, Translate> = new Map<string, Translate>([
  ['AWS::Serverless::Function', translateFunction],
  ['AWS::Serverless::StateMachine', translateStateMachine],
  ['AWS::Serverless::Api', translateRestApi],
  ['AWS::Serverless::HttpApi', translateHttpApi],
  ['AWS::Serverless::SimpleTable', translateSimpleTable],
  ['AWS::Serverless::LayerVersion', translateLayerVersion],
  ['AWS::Serverless::Application', translateApplication],
]);
const first = ['AWS::Serverless::Function', 'AWS::Serverless::StateMachine', 'AWS::Serverless::Api', 'AWS::Serverless::HttpApi'];
/** Types of SAM that nothing here could carry out. */
const unknown = ['GraphQLApi', 'WebSocketApi', 'CapacityProvider', 'MicrovmImage', 'NetworkConnector'].map(
  (name) => `AWS::Serverless::${name}`,
);
const connectorType = 'AWS::Serverless::Connector';

/**
 * What a template with `Transform: AWS::Serverless-2016-10-31` says in CloudFormation's own words.
 *
 * Nothing is read or written; the same template and context always come to the same.
 *
 * @throws ValidationError  with everything that is wrong, in SAM's words
 * @source AWS SAM Developer Guide, "AWS SAM resources and properties" and "Generated AWS CloudFormation resources", read 2026-11
 */
export function transformSam(template: Fields, context: SamContext): Fields {
  const { Globals, Transform: _, ...rest } = structuredClone(template) as Record<string, unknown>;
  try {
    const globals = readGlobals(Globals);
    const written = readResources(rest['Resources'], globals);
    const parameters = parameterValues(template, context.parameters, context.region, context.partition);
    const conditions = isMap(rest['Conditions']) ? { ...rest['Conditions'] } : {};
    const draft = new Draft(written, conditions, { ...context, parameters });
    addImplicitApis(draft, globals);
    translateAll(draft);
    return renamed(
      {
        ...rest,
        ...(Object.keys(conditions).length === 0 ? {} : { Conditions: conditions }),
        Resources: { ...draft.written, ...draft.made },
      },
      draft.renamed,
    );
  } catch (error) {
    if (error instanceof InvalidPart) throw invalidDocument([error]);
    throw error;
  }
}

const structure = (text: string): InvalidPart => new InvalidPart(`Structure of the SAM template is invalid. ${text}`);

function readResources(resources: unknown, globals: Readonly<Record<string, Fields>>): Record<string, unknown> {
  if (!isMap(resources) || Object.keys(resources).length === 0) throw structure(`'Resources' section is required`);
  return Object.fromEntries(
    Object.entries(resources).map(([logicalId, resource]) => {
      if (!isMap(resource))
        throw structure(`All 'Resources' must be Objects. If you're using YAML, this may be an indentation issue.`);
      const forAll = own(globals, textOf(resource['Type']));
      if (forAll === undefined) return [logicalId, resource];
      if ('Properties' in resource && !isMap(resource['Properties']))
        throw new InvalidResource(logicalId, `Attribute 'Properties' should be a map.`);
      return [logicalId, { ...resource, Properties: withGlobals(resource['Properties'], forAll) }];
    }),
  );
}

/** Translates what is SAM's; what is CloudFormation's stays. All that is wrong is told at once. */
function translateAll(draft: Draft): void {
  const faults: InvalidPart[] = [];
  const attempt = (translate: () => void): void => {
    try {
      translate();
    } catch (error) {
      if (!(error instanceof InvalidPart)) throw error;
      faults.push(error);
    }
  };
  const types = new Map<string, string>();
  const embedded: SamResource[] = [];
  for (const [logicalId, written] of Object.entries(draft.written)) {
    const { Connectors: _, ...resource } = written as Fields;
    types.set(logicalId, textOf(resource['Type']));
    embedded.push(...connectorsOf(logicalId, written as Fields));
    draft.written[logicalId] = resource;
  }
  for (const [logicalId, type] of inOrder(types)) attempt(() => translations.get(type)?.(taken(logicalId, draft), draft));
  for (const [logicalId, type] of types)
    if (unknown.includes(type)) faults.push(new InvalidResource(logicalId, `Mayfly does not translate ${type} yet.`));
  for (const [logicalId, type] of types)
    if (type === connectorType) attempt(() => translateConnector(taken(logicalId, draft), types, draft));
  for (const connector of embedded) attempt(() => translateConnector(connector, types, draft));
  if (faults.length > 0) throw invalidDocument(faults);
}

/** Functions write into the APIs that call them, and others may refer to both: so they come first. What connects others comes last. */
function inOrder(types: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  const rank = (type: string): number => (first.includes(type) ? first.indexOf(type) : first.length);
  return [...types].filter(([, type]) => translations.has(type)).toSorted(([, a], [, b]) => rank(a) - rank(b));
}

/** Takes a resource out of what was written. */
function taken(logicalId: string, draft: Draft): SamResource {
  if (!/^[A-Za-z0-9]+$/.test(logicalId)) throw new InvalidResource(logicalId, 'Logical ids must be alphanumeric.');
  const resource = readResource(logicalId, draft.written[logicalId] as Fields);
  delete draft.written[logicalId];
  return resource;
}

function readResource(logicalId: string, written: Fields): SamResource {
  return {
    logicalId,
    type: textOf(written['Type']),
    properties: written['Properties'],
    inherited: pick(written, ['Condition', 'DeletionPolicy', 'UpdateReplacePolicy']),
    own: pick(written, ['DependsOn', 'Metadata', 'CreationPolicy', 'UpdatePolicy']),
  };
}
