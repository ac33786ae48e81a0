import { TemplateFault } from './fault.ts';
import { inputOf, util, type InputScope } from './hosts.ts';
import { callMethod } from './methods.ts';
import type { Block, Expression, Node, Operator, Reference } from './syntax.ts';
import { isEqual, isHost, isList, isTrue, jsonOf, textOf, valueOf, type Charge, type Value } from './values.ts';

/** Nodes, calls and comparisons of one run, and what a call says that it costs. */
const mostSteps = 2_000_000;
/** Of the result, and of any text on the way. */
const mostLetters = 10_485_760;
/** Of all texts on the way together. */
const mostWritten = 10 * mostLetters;
/** Rounds of one loop. @source API Gateway Developer Guide, quotas: iterations of a #foreach loop, read 2026-11 */
const mostRounds = 1_000;
const longestRange = 10_000;

export interface TemplateScope extends InputScope {
  /** `$context`, nested. */
  readonly context: Readonly<Record<string, unknown>>;
  readonly stageVariables: Readonly<Record<string, string>>;
}

export interface Rendered {
  readonly text: string;
  /** What was set at `$context.requestOverride`: `path`, `querystring`, `header`. */
  readonly requestOverride?: Readonly<Record<string, unknown>>;
  /** What was set at `$context.responseOverride`: `status`, `header`. */
  readonly responseOverride?: Readonly<Record<string, unknown>>;
}

type Ended = 'break' | 'stop' | undefined;

/** One run of a template. */
export class Run {
  readonly #variables = new Map<string, Value>();
  #steps = 0;
  #written = 0;

  constructor(scope: TemplateScope) {
    const context = valueOf(scope.context) as Map<string, Value>;
    const places = (names: readonly string[]): Value => new Map(names.map((name) => [name, new Map<string, Value>()]));
    context.set('requestOverride', places(['path', 'querystring', 'header']));
    context.set('responseOverride', places(['header']));
    this.#variables.set('input', inputOf(scope));
    this.#variables.set('util', util);
    this.#variables.set('context', context);
    this.#variables.set('stageVariables', valueOf(scope.stageVariables));
  }

  render(block: Block): Rendered {
    const out: string[] = [];
    this.#block(block, out);
    const context = this.#variables.get('context');
    const override = (name: string): Readonly<Record<string, unknown>> | undefined => {
      const set = context instanceof Map ? context.get(name) : undefined;
      if (!(set instanceof Map)) return undefined;
      const made = [...set].filter(([, value]) => !(value instanceof Map && value.size === 0));
      return made.length === 0 ? undefined : (jsonOf(new Map(made)) as Readonly<Record<string, unknown>>);
    };
    const [requestOverride, responseOverride] = [override('requestOverride'), override('responseOverride')];
    return {
      text: out.join(''),
      ...(requestOverride === undefined ? {} : { requestOverride }),
      ...(responseOverride === undefined ? {} : { responseOverride }),
    };
  }

  readonly #charge = (steps: number): void => {
    this.#steps += steps;
    if (this.#steps > mostSteps) throw new TemplateFault('The template takes too many steps.');
  };

  #bounded(text: string): string {
    this.#written += text.length;
    if (text.length > mostLetters || this.#written > mostWritten) throw new TemplateFault('The template makes too much text.');
    return text;
  }

  #block(block: Block, out: string[]): Ended {
    for (const node of block) {
      this.#charge(1);
      const ended = this.#node(node, out);
      if (ended !== undefined) return ended;
    }
    return undefined;
  }

  #node(node: Node, out: string[]): Ended {
    switch (node.kind) {
      case 'text':
        out.push(this.#bounded(node.text));
        return undefined;
      case 'reference': {
        const value = this.#reference(node.reference);
        const isUnknown = value === undefined && !node.reference.quiet && !this.#variables.has(node.reference.name);
        out.push(this.#bounded(isUnknown ? node.reference.source : textOf(value)));
        return undefined;
      }
      case 'set':
        this.#set(node.target, this.#value(node.value) ?? null);
        return undefined;
      case 'if': {
        const chosen = node.branches.find(({ condition }) => isTrue(this.#value(condition)));
        return this.#block(chosen?.body ?? node.otherwise, out);
      }
      case 'foreach':
        return this.#each(node, out);
      case 'break':
      case 'stop':
        return node.kind;
    }
  }

  #each({ name, list, body }: Extract<Node, { readonly kind: 'foreach' }>, out: string[]): Ended {
    const given = this.#value(list);
    const items = isList(given) ? given : given instanceof Map ? [...given.values()] : [];
    const kept = ['foreach', 'velocityCount', name].map((each) => [each, this.#variables.get(each)] as const);
    let ended: Ended;
    // As many as there were when it began: a body may add to its own list.
    for (const [index, item] of items.slice(0, mostRounds).entries()) {
      this.#charge(1);
      this.#variables.set(name, item);
      this.#variables.set('velocityCount', index + 1);
      const state: readonly (readonly [string, Value])[] = [
        ['index', index],
        ['count', index + 1],
        ['hasNext', index + 1 < items.length],
        ['first', index === 0],
        ['last', index + 1 === items.length],
      ];
      this.#variables.set('foreach', new Map(state));
      ended = this.#block(body, out);
      if (ended !== undefined) break;
    }
    for (const [each, value] of kept) {
      if (value === undefined) this.#variables.delete(each);
      else this.#variables.set(each, value);
    }
    return ended === 'stop' ? 'stop' : undefined;
  }

  #set({ name, steps, source }: Reference, value: Value): void {
    const last = steps.at(-1);
    if (last === undefined) {
      if (['input', 'util', 'context', 'stageVariables'].includes(name)) throw new TemplateFault(`${source} cannot be set.`);
      this.#variables.set(name, value);
      return;
    }
    const of = this.#reference({ name, steps: steps.slice(0, -1), quiet: true, source });
    const key = last.kind === 'index' ? this.#value(last.index) : last.kind === 'member' ? last.name : undefined;
    if (of instanceof Map && key !== undefined) of.set(textOf(key), value);
    else if (isList(of) && typeof key === 'number' && key >= 0 && key < of.length) (of as Value[])[key] = value;
    else throw new TemplateFault(`${source} cannot be set.`);
  }

  #reference({ name, steps, source }: Reference): Value | undefined {
    let here = this.#variables.get(name);
    for (const step of steps) {
      this.#charge(1);
      if (here === undefined || here === null) return undefined;
      switch (step.kind) {
        case 'member':
          here = here instanceof Map ? here.get(step.name) : isHost(here) ? here.member?.(step.name) : undefined;
          break;
        case 'index': {
          const index = this.#value(step.index);
          here = isList(here) ? here.at(Number(index)) : here instanceof Map ? here.get(textOf(index)) : undefined;
          break;
        }
        case 'method': {
          const parameters = step.parameters.map((each) => this.#value(each) ?? null);
          const called: Value | undefined = isHost(here)
            ? here.method(step.name, parameters, this.#charge)
            : callMethod(here, step.name, parameters, this.#charge);
          if (called === undefined) throw new TemplateFault(`${source} calls a method that is not there: ${step.name}.`);
          if (typeof called === 'string') this.#bounded(called);
          here = called;
        }
      }
    }
    return here;
  }

  #value(expression: Expression): Value | undefined {
    this.#charge(1);
    switch (expression.kind) {
      case 'constant':
        return expression.value;
      case 'interpolated': {
        const out: string[] = [];
        this.#block(expression.block, out);
        return this.#bounded(out.join(''));
      }
      case 'reference':
        return this.#reference(expression.reference);
      case 'list':
        return expression.items.map((each) => this.#value(each) ?? null);
      case 'range':
        return range(Number(this.#value(expression.from)), Number(this.#value(expression.to)), this.#charge);
      case 'map':
        return new Map(expression.entries.map(([key, value]) => [textOf(this.#value(key)), this.#value(value) ?? null]));
      case 'not':
        return !isTrue(this.#value(expression.of));
      case 'negative':
        return -Number(this.#value(expression.of));
      case 'binary': {
        const { operator, left, right } = expression;
        if (operator === '&&') return isTrue(this.#value(left)) && isTrue(this.#value(right));
        if (operator === '||') return isTrue(this.#value(left)) || isTrue(this.#value(right));
        const result = operated(operator, this.#value(left), this.#value(right));
        return typeof result === 'string' ? this.#bounded(result) : result;
      }
    }
  }
}

function range(from: number, to: number, charge: Charge): Value {
  if (!Number.isInteger(from) || !Number.isInteger(to) || Math.abs(to - from) >= longestRange)
    throw new TemplateFault(`[${from}..${to}] is no range, or too long.`);
  charge(Math.abs(to - from));
  return Array.from({ length: Math.abs(to - from) + 1 }, (_, index) => (from <= to ? from + index : from - index));
}

function operated(
  operator: Exclude<Operator, '&&' | '||'>,
  left: Value | undefined,
  right: Value | undefined,
): Value | undefined {
  if (operator === '==') return isEqual(left, right);
  if (operator === '!=') return !isEqual(left, right);
  if (operator === '+' && (typeof left === 'string' || typeof right === 'string')) return textOf(left) + textOf(right);
  // Of what is no number there is no sum, no difference and no order.
  if (typeof left !== 'number' || typeof right !== 'number') return operator === '<' || operator === '>' ? false : undefined;
  const whole = Number.isInteger(left) && Number.isInteger(right);
  switch (operator) {
    case '<':
      return left < right;
    case '>':
      return left > right;
    case '<=':
      return left <= right;
    case '>=':
      return left >= right;
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return right === 0 ? undefined : whole ? Math.trunc(left / right) : left / right;
    case '%':
      return right === 0 ? undefined : left % right;
  }
}
