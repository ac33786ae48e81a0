import { invalid } from '../faults.ts';
import { Evaluator, unknownValue, type Scope } from '../template/evaluate.ts';
import { parameterRefs } from '../template/parameters.ts';
import { pseudoValues } from '../template/pseudo.ts';
import type { Blueprint, Stack } from './records.ts';

type Place = Pick<Stack, 'account' | 'region' | 'id' | 'name'>;
type Drawn = Pick<Blueprint, 'template' | 'parameters' | 'notificationArns'>;
type Finders = Partial<Pick<Scope, 'reference' | 'attribute' | 'imported'>>;

const nowhere = (): never => {
  throw new Error('Conditions refer to no resources.');
};

/** A blueprint's functions, worked out with what is known of its resources. */
export const evaluatorOf = (place: Place, { template, parameters, notificationArns }: Drawn, finders: Finders = {}): Evaluator =>
  new Evaluator({
    template,
    values: {
      ...pseudoValues({
        account: place.account,
        region: place.region,
        stackId: place.id,
        stackName: place.name,
        notificationArns,
      }),
      ...parameterRefs(template, parameters),
    },
    reference: nowhere,
    attribute: nowhere,
    imported: nowhere,
    zones: (of) => ['a', 'b', 'c'].map((letter) => `${of}${letter}`),
    ...finders,
  });

/** Logical ids of the resources whose condition holds. */
export function includedIn(place: Place, drawn: Drawn): readonly string[] {
  const evaluator = evaluatorOf(place, drawn);
  const { Resources: resources } = drawn.template;
  return Object.keys(resources).filter((name) => evaluator.includes(resources[name] ?? {}));
}

/**
 * Works everything out once, before anything is made: what can be seen to be wrong by then is said by then.
 *
 * @throws ValidationError also for references to what the conditions leave out
 */
export function rehearse(place: Place, drawn: Drawn): void {
  const included = new Set(includedIn(place, drawn));
  const { Resources: resources, Outputs: outputs = {} } = drawn.template;
  const evaluator = (block: string): Evaluator => {
    const made = (name: string): string => {
      if (included.has(name)) return unknownValue;
      const text = `Unresolved resource dependencies [${name}] in the ${block} block of the template`;
      throw invalid(block === 'Resources' ? `Template format error: ${text}` : text);
    };
    return evaluatorOf(place, drawn, { reference: made, attribute: made, imported: () => unknownValue });
  };
  const [forResources, forOutputs] = [evaluator('Resources'), evaluator('Outputs')];
  for (const name of included) forResources.document(resources[name]?.Properties);
  for (const output of Object.values(outputs))
    if (forOutputs.includes(output)) forOutputs.evaluate([output.Value, output.Export?.Name]);
}
