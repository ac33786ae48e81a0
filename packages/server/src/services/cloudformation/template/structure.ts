import { formatError, invalid, templateError } from '../faults.ts';
import { dependenciesOf } from './order.ts';
import { pseudoParameters } from './pseudo.ts';
import { dependsOn, referencesIn, type Reference } from './references.ts';
import { bounds, isMap, type Fields, type Template } from './template.ts';

const sections = new Set([
  ...['AWSTemplateFormatVersion', 'Description', 'Metadata', 'Parameters', 'Rules', 'Mappings', 'Conditions'],
  ...['Transform', 'Globals', 'Hooks', 'Resources', 'Outputs'],
]);
const resourceKeys = new Set([
  ...['Type', 'Properties', 'Condition', 'DependsOn', 'DeletionPolicy', 'UpdateReplacePolicy', 'CreationPolicy'],
  ...['UpdatePolicy', 'Metadata'],
  // Of transforms, which leave it behind.
  'Connectors',
]);

/**
 * A template as CloudFormation takes it, or what it has against it.
 *
 * @param value  after transforms
 * @throws ValidationError
 */
export function checkStructure(value: Fields): Template {
  checkSections(value);
  noNulls(value, '');
  const template = value as unknown as Template;
  checkNames('Parameter', value['Parameters'], bounds.parameters);
  checkMappings(value['Mappings']);
  checkResources(value['Resources']);
  checkNames('Output', value['Outputs'], bounds.outputs);
  checkOutputs(value['Outputs']);
  checkReferences(template);
  dependenciesOf(template);
  return template;
}

/** What can be said before transforms, which bring sections of their own. */
export function checkSections(value: Fields): void {
  const strange = Object.keys(value).filter((name) => !sections.has(name));
  if (strange.length > 0) throw invalid(`Invalid template property or properties [${strange.join(', ')}]`);
  const version = value['AWSTemplateFormatVersion'];
  if (version !== undefined && String(version) !== '2010-09-09')
    throw formatError(`${String(version).slice(0, 100)} is not a supported value for AWSTemplateFormatVersion.`);
  for (const name of ['Parameters', 'Mappings', 'Conditions', 'Resources', 'Outputs', 'Rules']) {
    const section = value[name];
    if (section !== undefined && section !== null && !isMap(section)) throw formatError(`${name} must be an object.`);
  }
  if (!isMap(value['Resources']) || Object.keys(value['Resources']).length === 0)
    throw formatError('At least one Resources member must be defined.');
}

function noNulls(value: unknown, at: string): void {
  if (value === null) throw invalid(`[${at}] 'null' values are not allowed in templates`);
  if (Array.isArray(value)) for (const [index, item] of value.entries()) noNulls(item, `${at}/${index}`);
  else if (isMap(value)) for (const [name, item] of Object.entries(value)) noNulls(item, `${at}/${name}`);
}

function checkNames(kind: string, section: unknown, most: number): void {
  if (!isMap(section)) return;
  const names = Object.keys(section);
  if (names.length > most)
    throw formatError(`Number of ${kind.toLowerCase()}s, ${names.length}, is greater than maximum allowed, ${most}`);
  for (const name of names) {
    if (!/^[a-zA-Z0-9]+$/.test(name)) throw formatError(`${kind} name ${name} is non alphanumeric.`);
    if (name.length > bounds.nameLength) throw formatError(`${kind} name ${name} exceeds length limit of ${bounds.nameLength}.`);
    if (!isMap(section[name])) throw formatError(`Any ${kind}s member must be an object.`);
  }
}

function checkMappings(section: unknown): void {
  if (!isMap(section)) return;
  if (Object.keys(section).length > bounds.mappings)
    throw formatError(`Number of mappings, ${Object.keys(section).length}, is greater than maximum allowed, ${bounds.mappings}`);
  for (const [name, mapping] of Object.entries(section)) {
    if (name === 'Fn::Transform') continue;
    if (!isMap(mapping)) throw formatError(`Every Mappings member ${name} must be a map`);
    for (const [key, attributes] of Object.entries(mapping)) {
      if (!isMap(attributes)) throw formatError(`Every Mappings member ${key} must be a map`);
      for (const attribute of Object.values(attributes))
        if (isMap(attribute)) throw formatError('Every Mappings attribute must be a String or a List.');
    }
  }
}

function checkResources(section: unknown): void {
  checkNames('Resource', section, bounds.resources);
  for (const [name, resource] of Object.entries(section as Readonly<Record<string, Fields>>)) {
    if (typeof resource['Type'] !== 'string')
      throw formatError(`[/Resources/${name}] Every Resources object must contain a Type member.`);
    for (const key of Object.keys(resource))
      if (!resourceKeys.has(key)) throw invalid(`Invalid template resource property '${key}'`);
    const { Properties: properties, DependsOn: names } = resource;
    if (properties !== undefined && !isMap(properties)) throw formatError(`[/Resources/${name}] Properties must be an object.`);
    if (names !== undefined && ![names].flat().every((each) => typeof each === 'string'))
      throw formatError('Every DependsOn value must be a string.');
  }
}

function checkOutputs(section: unknown): void {
  for (const [name, output] of Object.entries((section ?? {}) as Readonly<Record<string, Fields>>)) {
    if (output['Value'] === undefined) throw invalid(`[/Outputs/${name}/Value] 'null' values are not allowed in templates`);
    const exported = output['Export'];
    if (exported !== undefined && (!isMap(exported) || exported['Name'] === undefined))
      throw formatError(`Output ${name} is malformed. The Name of its Export is missing.`);
  }
}

/** Every name that is used has to be there. */
function checkReferences(template: Template): void {
  const conditions = template.Conditions ?? {};
  const checkCondition = ({ kind, name }: Reference): void => {
    if (kind === 'condition' && !Object.hasOwn(conditions, name))
      throw templateError(`unresolved condition dependency ${name} in Fn::If`);
  };
  const known = (name: string): boolean =>
    Object.hasOwn(template.Resources, name) || Object.hasOwn(template.Parameters ?? {}, name) || pseudoParameters.has(name);
  const missingIn = (value: unknown): string[] => {
    const references = [...referencesIn(value)];
    references.forEach(checkCondition);
    return references
      .filter(({ kind, name }) =>
        kind === 'ref' ? !known(name) : kind === 'attribute' && !Object.hasOwn(template.Resources, name),
      )
      .map(({ name }) => name);
  };
  const missing = new Set<string>();
  for (const resource of Object.values(template.Resources)) {
    for (const name of missingIn(resource.Properties)) missing.add(name);
    for (const name of dependsOn(resource)) if (!Object.hasOwn(template.Resources, name)) missing.add(name);
    if (resource.Condition !== undefined && !Object.hasOwn(conditions, resource.Condition))
      throw formatError(`Unresolved condition dependency ${resource.Condition} in the Resources block of the template`);
  }
  if (missing.size > 0)
    throw formatError(`Unresolved resource dependencies [${[...missing].join(', ')}] in the Resources block of the template`);
  const outputs = Object.values(template.Outputs ?? {}).flatMap((output) => missingIn([output.Value, output.Export?.Name]));
  if (outputs.length > 0)
    throw invalid(`Unresolved resource dependencies [${[...new Set(outputs)].join(', ')}] in the Outputs block of the template`);
  for (const { Condition: name } of Object.values(template.Outputs ?? {}))
    if (name !== undefined && !Object.hasOwn(conditions, name))
      throw formatError(`Unresolved condition dependency ${name} in the Outputs block of the template`);
  const inConditions = [...referencesIn(Object.values(conditions))]
    .filter(
      ({ kind, name }) => kind !== 'condition' && !(Object.hasOwn(template.Parameters ?? {}, name) || pseudoParameters.has(name)),
    )
    .map(({ name }) => name);
  if (inConditions.length > 0)
    throw formatError(
      `Unresolved dependencies [${inConditions.join(', ')}]. Cannot reference resources in the Conditions block of the template`,
    );
}
