import { invalid } from '../faults.ts';

/** @source spec 1.13-01 */
const mostTags = 50;

/**
 * Keys of AWS's own begin with `aws:`, in any case of letters; nobody else may set them (that refusal's text is ours). The
 * model has checked lengths and letters.
 *
 * @throws InvalidParameterValueException when a resource would have more tags than it may, or a reserved one.
 * @source spec 9.3-29
 */
export function checkTags(tags: Readonly<Record<string, string>> | undefined): void {
  const keys = Object.keys(tags ?? {});
  if (keys.length > mostTags) throw invalid('Number of tags exceeds resource tag limit.');
  const reserved = keys.find((key) => /^aws:/i.test(key));
  if (reserved !== undefined) throw invalid(`Tag keys that begin with 'aws:' are reserved for AWS: '${reserved}'.`);
}
