import { TemplateFault } from './fault.ts';
import { parseTemplate } from './parse.ts';
import { Run, type Rendered, type TemplateScope } from './render.ts';

export { TemplateFault };
export { jsonPath } from './json-path.ts';
export type { Rendered, TemplateScope } from './render.ts';

/** A mapping template, read once. */
export interface Template {
  /** @throws TemplateFault when it does what no template may, or takes too long or too much */
  render(scope: TemplateScope): Rendered;
}

/** @throws TemplateFault when the text is no template */
export function compileTemplate(text: string): Template {
  const block = parseTemplate(text);
  return {
    render(scope) {
      try {
        return new Run(scope).render(block);
      } catch (error) {
        // Deeper than the engine's own stack: a body may be, too.
        if (error instanceof RangeError) throw new TemplateFault('The template, or what it reads, is nested too deeply.');
        throw error;
      }
    },
  };
}
