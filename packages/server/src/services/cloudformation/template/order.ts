import { invalid } from '../faults.ts';
import { dependsOn, referencesIn } from './references.ts';
import type { Template } from './template.ts';

/** Which resources each one waits for. @throws ValidationError when some wait for each other */
export function dependenciesOf({ Resources: resources }: Template): ReadonlyMap<string, ReadonlySet<string>> {
  const all = new Map<string, Set<string>>();
  for (const [logicalId, resource] of Object.entries(resources)) {
    const own = new Set(dependsOn(resource));
    for (const { kind, name } of referencesIn(resource.Properties)) if (kind !== 'condition') own.add(name);
    all.set(logicalId, new Set([...own].filter((name) => Object.hasOwn(resources, name))));
  }
  const left = new Map([...all].map(([name, needs]) => [name, new Set(needs)]));
  for (let free = takeFree(left); free.length > 0; free = takeFree(left)) {
    for (const needs of left.values()) for (const name of free) needs.delete(name);
  }
  if (left.size > 0) throw invalid(`Circular dependency between resources: [${[...left.keys()].toSorted().join(', ')}]`);
  return all;
}

function takeFree(left: Map<string, Set<string>>): string[] {
  const free = [...left].filter(([, needs]) => needs.size === 0).map(([name]) => name);
  for (const name of free) left.delete(name);
  return free;
}
