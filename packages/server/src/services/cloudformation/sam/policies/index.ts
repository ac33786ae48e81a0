import { InvalidPart, InvalidResource } from '../faults.ts';
import { iff, isIntrinsic, isMap, isNoValue, listOf, noValue, sub, type Fields } from '../values.ts';
import table from './templates.json' with { type: 'json' };

type Statement = Readonly<Record<'Action' | 'Resource', unknown>>;
const templates: Readonly<Record<string, readonly Statement[]>> = table;

/** Parameters whose names differ from the placeholders of their templates by more than the first letter. */
const spelt: Readonly<Record<string, string>> = { workgroupName: 'WorkGroupName', pipelinename: 'PipelineName' };
const parameterOf = (placeholder: string): string =>
  spelt[placeholder] ?? placeholder.slice(0, 1).toUpperCase() + placeholder.slice(1);

/** What the `Policies` of a function come to: policies to attach, and policies that the role itself holds. */
export interface RolePolicies {
  readonly managed: readonly unknown[];
  readonly inline: readonly unknown[];
}

interface Options {
  readonly logicalId: string;
  /** What inline policies are named after; their place in the list follows. */
  readonly roleId: string;
  readonly managedPolicy: (name: string) => string | undefined;
}

/** @throws InvalidResource */
export function readPolicies(policies: unknown, options: Options): RolePolicies {
  const managed: unknown[] = [];
  const inline: unknown[] = [];
  for (const [at, policy] of (policies === undefined || policies === '' ? [] : listOf(policies)).entries()) {
    const read = readPolicy(policy, at, options);
    (read.isInline ? inline : managed).push(read.policy);
  }
  return { managed, inline };
}

interface Policy {
  readonly isInline: boolean;
  readonly policy: unknown;
}

function readPolicy(policy: unknown, at: number, options: Options): Policy {
  if (typeof policy === 'string') return { isInline: false, policy: options.managedPolicy(policy) ?? policy };
  const invalid = new InvalidResource(options.logicalId, `Policy at index ${at} in the 'Policies' property is not valid`);
  if (!isMap(policy)) throw invalid;
  if (isMap(policy['Statement']) || Array.isArray(policy['Statement'])) return named(policy, at, options);
  const [name = '', ...others] = Object.keys(policy);
  if (name === 'Fn::If') return conditional(policy['Fn::If'], at, options);
  if (isIntrinsic(policy)) return { isInline: false, policy };
  if (others.length > 0 || !Object.hasOwn(templates, name)) throw invalid;
  return named({ Statement: filled(name, policy[name], options.logicalId) }, at, options);
}

const named = (document: Fields, at: number, { roleId }: Options): Policy => ({
  isInline: true,
  policy: { PolicyName: `${roleId}Policy${at}`, PolicyDocument: document },
});

/** `Fn::If` between two policies of a kind, or between one and none. */
function conditional(branches: unknown, at: number, options: Options): Policy {
  const [condition, yes, no] = Array.isArray(branches) ? (branches as unknown[]) : [];
  const [first, second] = [yes, no].map((each) => (isNoValue(each) ? undefined : readPolicy(each, at, options)));
  if (first !== undefined && second !== undefined && first.isInline !== second.isInline)
    throw new InvalidPart(
      'Structure of the SAM template is invalid. Different policy types within the same Fn::If statement is unsupported. ' +
        'Separate different policy types into different Fn::If statements',
    );
  return {
    isInline: (first ?? second)?.isInline === true,
    policy: iff(condition as string, first?.policy ?? noValue, second?.policy ?? noValue),
  };
}

/** The statements of a policy template for these parameters. */
function filled(name: string, parameters: unknown, logicalId: string): readonly unknown[] {
  if (!isMap(parameters))
    throw new InvalidResource(logicalId, `Must specify valid parameter values for policy template '${name}'`);
  const missing = new Set<string>();
  const fill = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(fill);
    if (isMap(value)) return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each)]));
    if (typeof value !== 'string' || !value.includes('${')) return value;
    const placeholders = [...value.matchAll(/\$\{(\w+)\}/g)].map(([, word = '']) => word);
    const variables = placeholders.map((word) => {
      const given = parameters[parameterOf(word)];
      if (given === undefined) missing.add(parameterOf(word));
      return [word, given] as const;
    });
    return variables.length === 0 ? sub(value) : sub(value, Object.fromEntries(variables));
  };
  const statements = (templates[name] ?? []).map((statement) => ({ Effect: 'Allow', ...(fill(statement) as Fields) }));
  if (missing.size > 0) {
    const names = [...missing]
      .toSorted()
      .map((each) => `'${each}'`)
      .join(', ');
    throw new InvalidResource(logicalId, `Following required parameters of template '${name}' don't have values: [${names}]`);
  }
  return statements;
}
