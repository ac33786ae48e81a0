import { TemplateFault } from './fault.ts';

type Step =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'slice'; readonly from: number; readonly to: number }
  | { readonly kind: 'all' | 'deep' };

/** Values that an expression may come to, or come by. */
const most = 100_000;

/**
 * What a JSONPath finds: one value, or a list where it may be several; undefined where nothing is. Filters are not known.
 *
 * @throws TemplateFault when it is no path, or finds too much
 */
export function jsonPath(value: unknown, expression: string): unknown {
  const steps = stepsOf(expression);
  let found: unknown[] = [value];
  let seen = 0;
  for (const step of steps) {
    const next: unknown[] = [];
    for (const each of found) {
      for (const inner of stepped(each, step)) {
        seen += 1;
        if (seen > most) throw new TemplateFault(`${expression} finds too much.`);
        next.push(inner);
      }
    }
    found = next;
  }
  const isDefinite = steps.every(({ kind }) => kind === 'name' || kind === 'index');
  return isDefinite ? found[0] : found;
}

const stepPattern =
  /\.\.(?=[\w*[])|\.?\[\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(-?\d+)|(-?\d*)\s*:\s*(-?\d*)|(\*))\s*\]|\.?([\p{L}\p{N}_$@-]+)|\.?(\*)/uy;

function stepsOf(expression: string): readonly Step[] {
  const text = expression.trim();
  const steps: Step[] = [];
  for (let at = text.startsWith('$') ? 1 : 0; at < text.length;) {
    stepPattern.lastIndex = at;
    const found = stepPattern.exec(text);
    if (found === null) throw new TemplateFault(`${expression} is no path that is known here.`);
    const [whole, single, double, index, from, to, star, name, dotStar] = found;
    at += whole.length;
    const quoted = single ?? double;
    if (whole === '..') steps.push({ kind: 'deep' });
    else if (quoted !== undefined) steps.push({ kind: 'name', name: quoted.replaceAll(/\\(.)/g, '$1') });
    else if (index !== undefined) steps.push({ kind: 'index', index: Number(index) });
    else if (star !== undefined || dotStar !== undefined) steps.push({ kind: 'all' });
    else if (name !== undefined) steps.push({ kind: 'name', name });
    else steps.push({ kind: 'slice', from: from ? Number(from) : 0, to: to ? Number(to) : Infinity });
  }
  return steps;
}

function* stepped(value: unknown, step: Step): Generator {
  switch (step.kind) {
    case 'name':
      if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, step.name))
        yield (value as Readonly<Record<string, unknown>>)[step.name];
      return;
    case 'index': {
      const inner = Array.isArray(value) ? (value as unknown[]).at(step.index) : undefined;
      if (inner !== undefined) yield inner;
      return;
    }
    case 'slice':
      if (Array.isArray(value)) yield* (value as unknown[]).slice(step.from, step.to === Infinity ? undefined : step.to);
      return;
    case 'all':
      if (typeof value === 'object' && value !== null) yield* Object.values(value) as unknown[];
      return;
    case 'deep': {
      // By a list of what is left to look at: how deep a value is, is its sender's choice.
      const left = [value];
      while (left.length > 0) {
        const here = left.pop();
        yield here;
        if (typeof here === 'object' && here !== null) left.push(...(Object.values(here) as unknown[]).reverse());
      }
    }
  }
}
