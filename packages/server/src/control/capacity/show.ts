import type { LambdaOperations } from '@mayfly/wire';
import { compact } from '../compact.ts';
import type { Scope } from '../names.ts';
import { plusZero } from '../times.ts';
import type { CapacityProviderRecord } from './record.ts';

export type CapacityProvider = NonNullable<LambdaOperations['GetCapacityProvider']['output']['CapacityProvider']>;
type Members<Name extends keyof CapacityProvider> = NonNullable<CapacityProvider[Name]>;

/** @source spec 0.2-14 */
export const capacityProviderArn = ({ region, account }: Scope, name: string): string =>
  `arn:aws:lambda:${region}:${account}:capacity-provider:${name}`;

/** There is nothing to start or to end behind a record, so it is Active while it is there. @source spec 1.14-02 */
export function show(scope: Scope, record: CapacityProviderRecord, state: 'Active' | 'Deleting' = 'Active'): CapacityProvider {
  const { instances, scaling, propagatedTags, logging } = record;
  return compact<CapacityProvider>({
    CapacityProviderArn: capacityProviderArn(scope, record.name),
    State: state,
    VpcConfig: { SubnetIds: [...record.subnetIds], SecurityGroupIds: [...record.securityGroupIds] },
    PermissionsConfig: { CapacityProviderOperatorRoleArn: record.operatorRoleArn },
    InstanceRequirements:
      instances &&
      compact<Members<'InstanceRequirements'>>({
        Architectures: instances.architectures as Members<'InstanceRequirements'>['Architectures'],
        AllowedInstanceTypes: instances.allowedTypes as string[] | undefined,
        ExcludedInstanceTypes: instances.excludedTypes as string[] | undefined,
      }),
    CapacityProviderScalingConfig: compact<Members<'CapacityProviderScalingConfig'>>({
      MaxVCpuCount: scaling.maxVCpuCount,
      ScalingMode: scaling.mode,
      ScalingPolicies: scaling.policies?.map(({ metric, targetValue }) => ({
        PredefinedMetricType: metric as 'LambdaCapacityProviderAverageCPUUtilization',
        TargetValue: targetValue,
      })),
    }),
    KmsKeyArn: record.kmsKeyArn,
    LastModified: plusZero(record.modifiedAt),
    PropagateTags:
      propagatedTags &&
      compact<Members<'PropagateTags'>>({
        Mode: propagatedTags.mode,
        ExplicitTags: propagatedTags.tags && { ...propagatedTags.tags },
      }),
    TelemetryConfig: logging && {
      LoggingConfig: compact<NonNullable<Members<'TelemetryConfig'>['LoggingConfig']>>({
        SystemLogLevel: logging.systemLogLevel as 'INFO' | undefined,
        LogGroup: logging.logGroup,
      }),
    },
  });
}
