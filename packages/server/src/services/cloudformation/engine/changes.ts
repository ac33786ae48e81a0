import { isDeepStrictEqual } from 'node:util';
import type { CloudFormationOperations } from '@mayfly/wire';
import { unknownValue } from '../template/evaluate.ts';
import { referencesIn } from '../template/references.ts';
import type { Fields, TemplateResource } from '../template/template.ts';
import type { ResourceTypes } from '../resources/index.ts';
import { changedProperties, replaces } from './differences.ts';
import { evaluatorOf, includedIn } from './outlook.ts';
import type { Blueprint, Resource, Stack } from './records.ts';
import type { StackStore } from './store.ts';

type Change = NonNullable<CloudFormationOperations['DescribeChangeSet']['output']['Changes']>[number];
type Details = NonNullable<NonNullable<Change['ResourceChange']>['Details']>;

/** What carrying out a blueprint would do to a stack's resources. Nothing is asked of anybody. */
export function changesTo(
  stack: Stack,
  next: Blueprint,
  options: {
    readonly store: StackStore;
    readonly types: ResourceTypes;
    readonly now: Blueprint | undefined;
    /** Properties are told as they are and as they will be. */
    readonly values?: boolean;
  },
): readonly Change[] {
  const { store, types, now } = options;
  const standing = new Map(store.resources(stack.id).map((resource) => [resource.logicalId, resource]));
  const included = new Set(includedIn(stack, next));
  const replaced = new Set<string>();
  const changes = new Map<string, Change>();
  const evaluator = evaluatorOf(stack, next, {
    reference: (name) => (replaced.has(name) ? unknownValue : (standing.get(name)?.instance?.physicalId ?? unknownValue)),
    attribute(name, attribute) {
      const instance = standing.get(name)?.instance;
      return instance === undefined || replaced.has(name) ? unknownValue : types.attribute(instance.type, instance, attribute);
    },
    imported: () => unknownValue,
  });
  // A replacement shows in whatever refers to it, and may replace that, too.
  for (let before = -1; before !== replaced.size;) {
    before = replaced.size;
    for (const name of included) {
      const resource = standing.get(name);
      const definition = next.template.Resources[name] as TemplateResource;
      if (resource?.instance === undefined) {
        changes.set(
          name,
          added(name, definition, options.values === true ? evaluator.document(definition.Properties) : undefined),
        );
        continue;
      }
      const properties = evaluator.document(definition.Properties);
      const change = modified(resource, definition, store.properties(resource.instance), properties, {
        types,
        next,
        now,
        replaced,
        values: options.values === true,
      });
      if (change === undefined) continue;
      changes.set(name, change);
      if (change.ResourceChange?.Replacement === 'True') replaced.add(name);
    }
  }
  for (const [name, resource] of standing)
    if (!included.has(name) && resource.instance !== undefined)
      changes.set(name, removed(resource, options.values === true ? store.properties(resource.instance) : undefined));
  return [...changes].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, change]) => change);
}

const context = (properties: Fields): string => JSON.stringify({ Properties: properties });

const added = (LogicalResourceId: string, { Type }: TemplateResource, properties: Fields | undefined): Change => ({
  Type: 'Resource',
  ResourceChange: {
    Action: 'Add',
    LogicalResourceId,
    ResourceType: Type,
    Scope: [],
    Details: [],
    ...(properties === undefined ? {} : { AfterContext: context(properties) }),
  },
});

const removed = ({ logicalId, type, instance, deletionPolicy }: Resource, properties: Fields | undefined): Change => ({
  Type: 'Resource',
  ResourceChange: {
    Action: 'Remove',
    PolicyAction: deletionPolicy === 'Retain' ? 'Retain' : 'Delete',
    LogicalResourceId: logicalId,
    PhysicalResourceId: instance?.physicalId,
    ResourceType: type,
    Scope: [],
    Details: [],
    ...(properties === undefined ? {} : { BeforeContext: context(properties) }),
  },
});

function modified(
  resource: Resource,
  definition: TemplateResource,
  before: Fields,
  after: Fields,
  at: {
    readonly types: ResourceTypes;
    readonly next: Blueprint;
    readonly now: Blueprint | undefined;
    readonly replaced: ReadonlySet<string>;
    readonly values: boolean;
  },
): Change | undefined {
  const type = at.types.find(definition.Type);
  const changed = changedProperties(before, after);
  const other = resource.type !== definition.Type;
  if (changed.length === 0 && !other) return undefined;
  const isReplaced = other || replaces(type, changed);
  const details: Details = changed.flatMap((name) =>
    causesOf(resource.logicalId, name, definition, at).map((cause) => ({
      ...cause,
      Target: {
        Attribute: 'Properties' as const,
        Name: name,
        RequiresRecreation:
          type.properties[name] === 'replaces' || type.update === undefined ? ('Always' as const) : ('Never' as const),
        ...(at.values ? valuesOf(name, before[name], after[name]) : {}),
      },
    })),
  );
  return {
    Type: 'Resource',
    ResourceChange: {
      Action: 'Modify',
      ...(isReplaced
        ? { PolicyAction: resource.replacePolicy === 'Retain' ? ('ReplaceAndRetain' as const) : ('ReplaceAndDelete' as const) }
        : {}),
      LogicalResourceId: resource.logicalId,
      PhysicalResourceId: resource.instance?.physicalId,
      ResourceType: definition.Type,
      Replacement: isReplaced ? 'True' : 'False',
      Scope: ['Properties'],
      Details: details,
      ...(at.values ? { BeforeContext: context(before), AfterContext: context(after) } : {}),
    },
  };
}

const valuesOf = (name: string, before: unknown, after: unknown) => ({
  Path: `/Properties/${name}`,
  AttributeChangeType: before === undefined ? ('Add' as const) : after === undefined ? ('Remove' as const) : ('Modify' as const),
  ...(before === undefined ? {} : { BeforeValue: plainText(before) }),
  ...(after === undefined ? {} : { AfterValue: plainText(after) }),
});
const plainText = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));

/** Why a property changes: its own text, a parameter, or a resource that it refers to. */
function causesOf(
  logicalId: string,
  property: string,
  { Properties: properties = {} }: TemplateResource,
  {
    next,
    now,
    replaced,
  }: { readonly next: Blueprint; readonly now: Blueprint | undefined; readonly replaced: ReadonlySet<string> },
): Details {
  const causes: Details = [];
  for (const { kind, name, attribute } of referencesIn(properties[property])) {
    if (kind === 'ref' && next.parameters[name] !== undefined && !isDeepStrictEqual(now?.parameters[name], next.parameters[name]))
      causes.push({ CausingEntity: name, ChangeSource: 'ParameterReference', Evaluation: 'Static' });
    if (!replaced.has(name)) continue;
    if (kind === 'ref') causes.push({ CausingEntity: name, ChangeSource: 'ResourceReference', Evaluation: 'Static' });
    if (kind === 'attribute')
      causes.push({ CausingEntity: `${name}.${attribute}`, ChangeSource: 'ResourceAttribute', Evaluation: 'Static' });
  }
  const was = now?.template.Resources[logicalId]?.Properties?.[property];
  if (!isDeepStrictEqual(was, properties[property])) causes.push({ ChangeSource: 'DirectModification', Evaluation: 'Static' });
  else if (causes.length > 0) causes.push({ ChangeSource: 'DirectModification', Evaluation: 'Dynamic' });
  return causes;
}

/** Whether two blueprints come to the same: nothing would be made, changed, or told in another way. */
export function isSameBlueprint(now: Blueprint, next: Blueprint): boolean {
  const essence = ({ template, parameters, tags, notificationArns }: Blueprint): unknown => {
    const { Description: _d, Metadata: _m, AWSTemplateFormatVersion: _v, Parameters: _p, ...rest } = template;
    return { rest, parameters, tags, notificationArns };
  };
  return isDeepStrictEqual(essence(now), essence(next));
}
