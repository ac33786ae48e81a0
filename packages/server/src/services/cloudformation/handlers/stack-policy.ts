import { invalid } from '../faults.ts';
import { isMap } from '../template/template.ts';

/** @throws ValidationError for what is no policy of a stack */
export function parseStackPolicy(text: string): string {
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    throw invalid('Error validating stack policy: Invalid stack policy');
  }
  const statements = isMap(policy) ? [policy['Statement'] ?? []].flat() : [undefined];
  const sound = statements.every((each) => isMap(each) && (each['Effect'] === 'Allow' || each['Effect'] === 'Deny'));
  if (!sound) throw invalid('Error validating stack policy: Invalid stack policy');
  return text;
}
