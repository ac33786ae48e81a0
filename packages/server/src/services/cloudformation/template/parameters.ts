import { formatError, invalid } from '../faults.ts';
import { PatternError, toAutomaton } from '../../kit/index.ts';
import { bounds, type ParameterDefinition, type Template } from './template.ts';

/** What a caller gives for one parameter. */
export interface GivenParameter {
  readonly ParameterKey?: string | undefined;
  readonly ParameterValue?: string | undefined;
  readonly UsePreviousValue?: boolean | undefined;
}

/** A parameter as it was decided; texts, as callers wrote them. */
export interface ParameterValue {
  readonly value: string;
  /** What a parameter of the type `AWS::SSM::Parameter::Value<…>` named. */
  readonly resolved?: string;
  readonly noEcho?: true;
}

export type ParameterValues = Readonly<Record<string, ParameterValue>>;

const ssmType = /^AWS::SSM::Parameter::Value<(.+)>$/;
const isList = (type: string): boolean => type === 'CommaDelimitedList' || type.startsWith('List<');

/** @param ssm  the value of a parameter of Systems Manager; undefined where there is none */
export async function decideParameters(
  template: Template,
  given: readonly GivenParameter[],
  previous: ParameterValues | undefined,
  ssm: (name: string) => Promise<string | undefined>,
): Promise<ParameterValues> {
  const definitions = template.Parameters ?? {};
  const named = new Map(given.map((each) => [each.ParameterKey ?? '', each]));
  const strange = [...named.keys()].filter((name) => !Object.hasOwn(definitions, name));
  // A value that is to stay may stay away with its parameter.
  const wrong = strange.filter((name) => named.get(name)?.UsePreviousValue !== true);
  if (wrong.length > 0) throw invalid(`Parameters: [${wrong.join(', ')}] do not exist in the template`);
  const missing: string[] = [];
  const decided: Record<string, ParameterValue> = {};
  for (const [name, definition] of Object.entries(definitions)) {
    checkDefinition(name, definition);
    const value = valueOf(name, definition, named.get(name), previous);
    if (value === undefined) {
      if (ssmType.test(definition.Type)) throw invalid(`Parameter ${name} should either have input value or default value`);
      missing.push(name);
      continue;
    }
    check(name, definition, value);
    const inner = ssmType.exec(definition.Type)?.[1];
    const resolved = inner === undefined || inner === '' ? undefined : await ssm(value);
    if (inner !== undefined && resolved === undefined)
      throw invalid(`Unable to fetch parameters [${value}] from parameter store for this account.`);
    decided[name] = {
      value,
      ...(resolved === undefined ? {} : { resolved }),
      ...(String(definition.NoEcho) === 'true' ? { noEcho: true } : {}),
    };
  }
  if (missing.length > 0) throw invalid(`Parameters: [${missing.join(', ')}] must have values`);
  return decided;
}

function valueOf(
  name: string,
  { Default: byDefault }: ParameterDefinition,
  given: GivenParameter | undefined,
  previous: ParameterValues | undefined,
): string | undefined {
  if (given?.UsePreviousValue === true) return previous?.[name]?.value;
  if (given?.ParameterValue !== undefined) return given.ParameterValue;
  if (byDefault === undefined) return undefined;
  return Array.isArray(byDefault) ? byDefault.join(',') : String(byDefault);
}

const knownTypes = /^(String|Number|CommaDelimitedList|List<(String|Number|AWS::.+)>|AWS::.+)$/;

function checkDefinition(name: string, { Type: type }: ParameterDefinition): void {
  if (typeof type !== 'string') throw formatError(`Every Parameters object must contain a Type member.`);
  if (!knownTypes.test(type)) throw formatError(`Unrecognized parameter type: ${type} of ${name}`);
}

function check(name: string, definition: ParameterDefinition, value: string): void {
  const { Type: type, ConstraintDescription: because } = definition;
  if (value.length > bounds.parameterLength)
    throw invalid(`Parameter '${name}' must contain at most ${bounds.parameterLength} characters`);
  const items = isList(type) ? splitList(value) : [value];
  if (/^(Number|List<Number>)$/.test(type) && items.some((item) => item.trim() === '' || !Number.isFinite(Number(item))))
    throw invalid(`Parameter '${name}' must be a number.`);
  const { AllowedValues: allowed, AllowedPattern: pattern } = definition;
  if (allowed !== undefined && items.some((item) => !allowed.map(String).includes(item)))
    throw invalid(`Parameter '${name}' must be one of AllowedValues`);
  if (pattern !== undefined && !matches(name, pattern, value))
    throw invalid(
      `Parameter ${name} failed to satisfy constraint: ${because ?? `parameter ${name} must match pattern ${pattern}`}`,
    );
  if (type === 'Number') {
    if (definition.MinValue !== undefined && Number(value) < Number(definition.MinValue))
      throw invalid(`Parameter '${name}' must be a number not less than ${definition.MinValue}`);
    if (definition.MaxValue !== undefined && Number(value) > Number(definition.MaxValue))
      throw invalid(`Parameter '${name}' must be a number not greater than ${definition.MaxValue}`);
    return;
  }
  if (definition.MinLength !== undefined && value.length < Number(definition.MinLength))
    throw invalid(`Parameter '${name}' must contain at least ${definition.MinLength} characters`);
  if (definition.MaxLength !== undefined && value.length > Number(definition.MaxLength))
    throw invalid(`Parameter '${name}' must contain at most ${definition.MaxLength} characters`);
}

/** Patterns are run in linear time: nobody's template keeps the server busy. */
function matches(name: string, pattern: string, value: string): boolean {
  try {
    return toAutomaton(`^(${pattern.replace(/^\^/, '').replace(/\$$/, '')})$`).test(value);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw invalid(`Parameter ${name}: Mayfly cannot read its AllowedPattern ${pattern}: ${error.message}`);
  }
}

const splitList = (value: string): string[] => value.split(',').map((item) => item.trim());

/** What `Ref` gives: lists as lists. */
export function parameterRefs(template: Template, values: ParameterValues): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, { value, resolved }]) => {
      const type = template.Parameters?.[name]?.Type ?? 'String';
      const text = resolved ?? value;
      return [name, isList(ssmType.exec(type)?.[1] ?? type) ? splitList(text) : text];
    }),
  );
}
