import { Evaluator, type Scope } from '../template/evaluate.ts';
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
