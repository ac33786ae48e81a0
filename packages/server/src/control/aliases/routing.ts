import type { LambdaOperations } from '@mayfly/wire';
import { functionNotFound, invalid, relayed } from '../faults.ts';
import { latest } from '../functions/record.ts';
import { qualifiedArn, type Scope } from '../names.ts';
import type { Desk } from '../records/desk.ts';
import type { AliasRecord } from './record.ts';

/**
 * Checks where an alias points, and its second version if it has one.
 *
 * @throws InvalidParameterValueException, ResourceNotFoundException. @source spec 1.5-04, 1.5-07
 */
export function routing(
  desk: Desk,
  scope: Scope,
  functionName: string,
  functionVersion: string,
  given: LambdaOperations['CreateAlias']['input']['RoutingConfig'],
): AliasRecord['split'] {
  const weights = Object.entries(given?.AdditionalVersionWeights ?? {});
  if (weights.length > 1) throw invalid('Number of items in AdditionalVersionWeights cannot be greater than 1');
  const [second] = weights;
  if (second !== undefined && functionVersion === latest)
    throw relayed(invalid('$LATEST is not supported for an alias pointing to more than 1 version'));
  const main = desk.get('version', functionName, functionVersion);
  if (main === undefined) throw functionNotFound(qualifiedArn(scope, functionName, functionVersion));
  if (second === undefined) return undefined;
  const [version, weight] = second;
  if (version === functionVersion)
    throw invalid(
      `Invalid function version ${version}. Function version ${version} is already included in routing configuration.`,
    );
  const other = desk.get('version', functionName, version);
  if (other === undefined) throw functionNotFound(qualifiedArn(scope, functionName, version));
  const [left, right] = [main.configuration, other.configuration];
  if (left.role !== right.role || left.deadLetterTargetArn !== right.deadLetterTargetArn)
    throw invalid('The versions of an alias must have the same execution role and the same dead-letter queue configuration.');
  return { version, weight };
}
