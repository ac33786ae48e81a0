import type { LambdaOperations } from '@mayfly/wire';
import { compact } from '../compact.ts';
import { invalid } from '../faults.ts';
import type { CapacityProviderRecord } from './record.ts';

type Input = LambdaOperations['CreateCapacityProvider']['input'];

/** @source spec 1.14-01 */
const usualVCpuCount = 400;

/** What was said of scaling; what was not stays as it was, or as AWS begins. */
export function scalingOf(
  given: Input['CapacityProviderScalingConfig'],
  before?: CapacityProviderRecord['scaling'],
): CapacityProviderRecord['scaling'] {
  return compact<CapacityProviderRecord['scaling']>({
    maxVCpuCount: given?.MaxVCpuCount ?? before?.maxVCpuCount ?? usualVCpuCount,
    mode: given?.ScalingMode ?? before?.mode ?? 'Auto',
    policies:
      given?.ScalingPolicies?.map(({ PredefinedMetricType: metric = '', TargetValue: targetValue = 0 }) => ({
        metric,
        targetValue,
      })) ?? before?.policies,
  });
}

/** @throws InvalidParameterValueException for types that are allowed and excluded at once. @source spec 1.14-01 */
export function instancesOf(given: Input['InstanceRequirements']): CapacityProviderRecord['instances'] {
  if (given === undefined) return undefined;
  const { Architectures: architectures, AllowedInstanceTypes: allowed, ExcludedInstanceTypes: excluded } = given;
  if ((allowed?.length ?? 0) > 0 && (excluded?.length ?? 0) > 0)
    throw invalid('AllowedInstanceTypes and ExcludedInstanceTypes cannot be specified together.');
  return compact<NonNullable<CapacityProviderRecord['instances']>>({
    architectures,
    allowedTypes: allowed,
    excludedTypes: excluded,
  });
}

/** @throws InvalidParameterValueException for tags that are named and not to be set. @source spec 1.14-01 */
export function propagatedTagsOf(given: Input['PropagateTags']): CapacityProviderRecord['propagatedTags'] {
  if (given === undefined) return undefined;
  const { Mode: mode = 'None', ExplicitTags: tags } = given;
  if (mode === 'None' && Object.keys(tags ?? {}).length > 0)
    throw invalid('ExplicitTags can be specified only when the mode of PropagateTags is Explicit.');
  return compact<NonNullable<CapacityProviderRecord['propagatedTags']>>({ mode, tags });
}

export function loggingOf(given: Input['TelemetryConfig']): CapacityProviderRecord['logging'] {
  const { SystemLogLevel: systemLogLevel, LogGroup: logGroup } = given?.LoggingConfig ?? {};
  return given?.LoggingConfig && compact<NonNullable<CapacityProviderRecord['logging']>>({ systemLogLevel, logGroup });
}
