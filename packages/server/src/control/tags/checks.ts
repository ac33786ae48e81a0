import { invalid } from '../faults.ts';

/** @source spec 1.13-01 */
const mostTags = 50;

/** @throws InvalidParameterValueException when a resource would have more than it may. @source spec 9.3-29 */
export function checkTags(tags: Readonly<Record<string, string>> | undefined): void {
  if (tags !== undefined && Object.keys(tags).length > mostTags) throw invalid('Number of tags exceeds resource tag limit.');
}
