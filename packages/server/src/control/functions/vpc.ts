import type { LambdaOperations } from '@mayfly/wire';
import type { VpcAttachment } from '../catalog.ts';
import type { Networks } from '../ports.ts';
import type { Room } from '../room.ts';

type VpcConfig = LambdaOperations['CreateFunction']['input']['VpcConfig'];

/**
 * The networks a function is in afterwards; two empty lists take it out of them. @source spec 1.2-18, 3.7-11
 *
 * @throws InvalidParameterValueException  there is no such subnet or group
 */
export function attached(
  base: VpcAttachment | undefined,
  given: VpcConfig,
  networks: Networks | undefined,
): VpcAttachment | undefined {
  if (given === undefined) return base;
  const vpc = {
    subnetIds: given.SubnetIds ?? base?.subnetIds ?? [],
    securityGroupIds: given.SecurityGroupIds ?? base?.securityGroupIds ?? [],
    ipv6AllowedForDualStack: given.Ipv6AllowedForDualStack ?? base?.ipv6AllowedForDualStack ?? false,
  };
  const vpcId = vpc.subnetIds.length === 0 ? undefined : networks?.vpcOf(vpc);
  return vpcId === undefined ? vpc : { ...vpc, vpcId };
}

/** What was asked for and is not done is said aloud, for the answer has no place for it. */
export function tellOfUnapplied({ ports, log }: Pick<Room, 'ports' | 'log'>, functionName: string, given: VpcConfig): void {
  if ((given?.SubnetIds?.length ?? 0) === 0 || ports.networks !== undefined) return;
  log.warn('The VpcConfig of a function is kept and changes nothing: this server has no networks. See docs/networks.md.', {
    functionName,
    subnetIds: given?.SubnetIds,
  });
}
