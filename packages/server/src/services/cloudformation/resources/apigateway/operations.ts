import type { Making, Properties } from '../type.ts';

type Operation = (input: Properties) => Promise<unknown>;

/** Operations by name; templates hold what their inputs have, and the model checks it. */
export const call = ({ aws }: Making, operation: string, input: Properties): Promise<Properties> =>
  (aws.apigateway as unknown as Record<string, Operation>)[operation]?.(input) as Promise<Properties>;

/** What is not there any more is gone already. */
export async function gone(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if ((error as Error).name !== 'NotFoundException') throw error;
  }
}

const small = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/** Some properties as the API spells its members; what is in them stays as it is. */
export const members = (properties: Properties, names: string): Properties =>
  Object.fromEntries(
    names
      .split(/\s+/)
      .filter((name) => properties[name] !== undefined)
      .map((name) => [small(name), properties[name]]),
  );

/** Every property of a structure as the API spells it. */
export const structure = (properties: Properties | undefined): Properties | undefined =>
  properties === undefined
    ? undefined
    : Object.fromEntries(Object.entries(properties).map(([name, value]) => [small(name), value]));
