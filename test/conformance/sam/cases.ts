import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseTemplate } from '../../../packages/server/src/services/cloudformation/template/parse.ts';

export type Fields = Record<string, unknown>;

export interface Case {
  readonly template: Fields;
  readonly parameters: Fields;
}
const templates = path.join(import.meta.dirname, 'templates');
export const files: readonly string[] = globSync('*.yaml', { cwd: templates }).sort();

/** All templates of a file. Those without other sections are resources; resources without a type are functions. */
export function casesIn(file: string): ReadonlyMap<string, Case> {
  const written = parseTemplate(readFileSync(path.join(templates, file), 'utf8')) as Record<string, Fields>;
  return new Map(
    Object.entries(written).map(([name, { given = {}, ...rest }]) => {
      const sections: Fields = 'Resources' in rest ? rest : { Resources: rest };
      const Resources = Object.fromEntries(
        Object.entries(sections['Resources'] as Record<string, Fields>).map(([id, resource]) => [id, whole(resource)]),
      );
      const template = { ...sections, Transform: 'AWS::Serverless-2016-10-31', Resources };
      return [name, { template, parameters: given as Fields }];
    }),
  );
}

export function whole(resource: Fields): unknown {
  if (typeof resource !== 'object' || 'Type' in resource) return resource;
  const { Condition, ...properties } = resource;
  const Properties = { Handler: 'a.b', Runtime: 'nodejs24.x', InlineCode: 'x', ...properties };
  return { Type: 'AWS::Serverless::Function', ...(Condition === undefined ? {} : { Condition }), Properties };
}
