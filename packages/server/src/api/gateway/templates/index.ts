export interface TemplateScope {
  readonly body: string;
  readonly params: {
    readonly path: Readonly<Record<string, string>>;
    readonly querystring: Readonly<Record<string, string>>;
    readonly header: Readonly<Record<string, string>>;
  };
  readonly context: Readonly<Record<string, unknown>>;
  readonly stageVariables: Readonly<Record<string, string>>;
}
export interface Rendered {
  readonly text: string;
  readonly requestOverride?: Readonly<Record<string, unknown>>;
  readonly responseOverride?: Readonly<Record<string, unknown>>;
}
export interface Template {
  render(scope: TemplateScope): Rendered;
}
export class TemplateFault extends Error {}

/** Plain text is its own template; references and directives are not yet. @throws TemplateFault */
export function compileTemplate(text: string): Template {
  if (/[$#]/.test(text)) throw new TemplateFault('Mapping templates with references or directives are not there yet.');
  return { render: () => ({ text }) };
}

/** Members and items by name and number: `$.a.b[0]`. */
export function jsonPath(value: unknown, expression: string): unknown {
  let here = value;
  for (const [, name, index] of expression.matchAll(/\.([\w-]+)|\[(\d+)\]/g)) {
    const step = name ?? index ?? '';
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<string, unknown>)[step];
  }
  return here;
}
