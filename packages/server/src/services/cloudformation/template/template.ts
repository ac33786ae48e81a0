/** What a template holds, once it is known to be well-formed. What stands in a value's place may be a function of CloudFormation's. */
export interface Template {
  readonly AWSTemplateFormatVersion?: string;
  readonly Description?: string;
  readonly Metadata?: Readonly<Record<string, unknown>>;
  readonly Parameters?: Readonly<Record<string, ParameterDefinition>>;
  readonly Rules?: Readonly<Record<string, Rule>>;
  readonly Mappings?: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Transform?: unknown;
  readonly Globals?: unknown;
  readonly Hooks?: unknown;
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, Output>>;
}

export interface ParameterDefinition {
  readonly Type: string;
  readonly Default?: unknown;
  readonly NoEcho?: boolean | string;
  readonly Description?: string;
  readonly ConstraintDescription?: string;
  readonly AllowedValues?: readonly unknown[];
  readonly AllowedPattern?: string;
  readonly MinLength?: number | string;
  readonly MaxLength?: number | string;
  readonly MinValue?: number | string;
  readonly MaxValue?: number | string;
}

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly Condition?: string;
  readonly DependsOn?: string | readonly string[];
  readonly DeletionPolicy?: unknown;
  readonly UpdateReplacePolicy?: unknown;
  readonly CreationPolicy?: unknown;
  readonly UpdatePolicy?: unknown;
  readonly Metadata?: unknown;
}

export interface Output {
  readonly Value: unknown;
  readonly Description?: string;
  readonly Condition?: string;
  readonly Export?: { readonly Name: unknown };
}

export interface Rule {
  readonly RuleCondition?: unknown;
  readonly Assertions?: readonly { readonly Assert: unknown; readonly AssertDescription?: string }[];
}

export type Fields = Readonly<Record<string, unknown>>;

export const isMap = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The function that stands in a value's place, and what it is applied to; undefined for plain values. */
export function functionOf(value: unknown): { readonly name: string; readonly argument: unknown } | undefined {
  if (!isMap(value)) return undefined;
  const names = Object.keys(value);
  const [name = ''] = names;
  if (names.length !== 1 || !(name === 'Ref' || name === 'Condition' || name.startsWith('Fn::'))) return undefined;
  return { name, argument: value[name] };
}

/**
 * @source CloudFormation User Guide, "Understand CloudFormation quotas", read 2026-11; depth and nodes are ours, so that no
 * template costs more than its length
 */
export const bounds = {
  bodyBytes: 51_200,
  objectBytes: 1_048_576,
  resources: 500,
  parameters: 200,
  mappings: 200,
  outputs: 200,
  conditions: 200,
  nameLength: 255,
  depth: 60,
  nodes: 100_000,
  /** Characters of all that a template's functions come to. */
  made: 16_777_216,
  parameterLength: 4_096,
} as const;
