import { invalid } from '../faults.ts';
import type { Evaluator } from './evaluate.ts';
import { functionOf, type Template } from './template.ts';

/** The template's own rules about its parameters. @throws ValidationError with what the first broken one says */
export function checkRules(template: Template, evaluator: Evaluator): void {
  for (const [name, { RuleCondition: condition, Assertions: assertions = [] }] of Object.entries(template.Rules ?? {})) {
    if (condition !== undefined && !holds(condition, evaluator)) continue;
    for (const { Assert: assertion, AssertDescription: text } of assertions) {
      if (!holds(assertion, evaluator)) throw invalid(`Template constraint error: ${name}: ${text ?? 'an assertion failed'}`);
    }
  }
}

/** Rules have functions of their own besides those of conditions. */
function holds(value: unknown, evaluator: Evaluator): boolean {
  const call = functionOf(value);
  const list = Array.isArray(call?.argument) ? (call.argument as unknown[]) : [];
  switch (call?.name) {
    case 'Fn::And':
      return list.every((item) => holds(item, evaluator));
    case 'Fn::Or':
      return list.some((item) => holds(item, evaluator));
    case 'Fn::Not':
      return !holds(list[0], evaluator);
    case 'Fn::Contains':
      return texts(list[0], evaluator).includes(String(evaluator.evaluate(list[1])));
    case 'Fn::EachMemberEquals':
      return texts(list[0], evaluator).every((item) => item === String(evaluator.evaluate(list[1])));
    case 'Fn::EachMemberIn': {
      const allowed = texts(list[1], evaluator);
      return texts(list[0], evaluator).every((item) => allowed.includes(item));
    }
    default:
      return String(evaluator.evaluate(value)) === 'true';
  }
}

const texts = (value: unknown, evaluator: Evaluator): readonly string[] => [evaluator.evaluate(value)].flat().map(String);
