import { ServiceFault } from '@mayfly/wire';
import type { FunctionVersion, VpcAttachment } from '../control/index.ts';
import type { Network, Opening } from '../sandbox/index.ts';
import type { NetworkDefinitions } from './network-definitions.ts';

type Attachment = Pick<VpcAttachment, 'subnetIds' | 'securityGroupIds'>;
type Faults = 'InvalidSubnetIDException' | 'InvalidSecurityGroupIDException';

/** VPCs of AWS by their subnets and security groups, each a network that the operator has defined. */
export class Networks {
  readonly #definitions: NetworkDefinitions;
  readonly #known = new WeakMap<VpcAttachment, Network>();

  constructor(definitions: NetworkDefinitions) {
    this.#definitions = definitions;
  }

  get some(): boolean {
    return Object.keys(this.#definitions).length > 0;
  }

  /** @throws ServiceFault InvalidParameterValueException. @source spec 9.3-13 */
  vpcOf(vpc: Attachment): string {
    return this.#vpcOf(vpc, (_code, text) => new ServiceFault('InvalidParameterValueException', text));
  }

  /**
   * Whether this version can have the network it joined, now.
   *
   * @throws ServiceFault InvalidSubnetIDException, InvalidSecurityGroupIDException. @source spec 2.11-01
   */
  check({ vpc }: Pick<FunctionVersion, 'vpc'>): void {
    if (!this.some || vpc === undefined || vpc.subnetIds.length === 0 || this.#known.has(vpc)) return;
    this.#vpcOf(vpc, (code, text) => new ServiceFault(code, text, { status: 502, members: { Type: 'User' } }));
  }

  /** Undefined for a function that joins none. @throws ServiceFault as `check` */
  networkOf({ vpc }: Pick<FunctionVersion, 'vpc'>): Network | undefined {
    if (!this.some || vpc === undefined || vpc.subnetIds.length === 0) return undefined;
    const known = this.#known.get(vpc);
    if (known !== undefined) return known;
    this.check({ vpc });
    const network = this.#join(vpc);
    this.#known.set(vpc, network);
    return network;
  }

  #join(vpc: Attachment): Network {
    const { allow, securityGroups, nameServers } = this.#definitions[this.vpcOf(vpc)]!;
    return {
      allow: [
        ...nameServers.flatMap((address): Opening[] =>
          (['udp', 'tcp'] as const).map((protocol) => ({ to: `${address}/32`, protocol, ports: [53, 53] })),
        ),
        ...allow,
        ...vpc.securityGroupIds.flatMap((group) => securityGroups[group] ?? []),
      ],
      nameServers,
    };
  }

  #vpcOf({ subnetIds, securityGroupIds }: Attachment, fault: (code: Faults, text: string) => ServiceFault): string {
    const vpcs = subnetIds.map((subnet) => {
      const found = Object.entries(this.#definitions).find(([, { subnets }]) => subnets.includes(subnet))?.[0];
      if (found !== undefined) return found;
      const text = `Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. EC2 Error Message: The subnet ID '${subnet}' does not exist`;
      throw fault('InvalidSubnetIDException', text);
    });
    const [vpcId = '', ...others] = new Set(vpcs);
    // AWS's text for this is not known.
    if (others.length > 0)
      throw fault('InvalidSubnetIDException', `The subnets are in several VPCs: ${[vpcId, ...others].join(', ')}`);
    const groups = this.#definitions[vpcId]?.securityGroups ?? {};
    for (const group of securityGroupIds) {
      if (Object.hasOwn(groups, group)) continue;
      const text = `Error occurred while DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound. EC2 Error Message: The security group '${group}' does not exist`;
      throw fault('InvalidSecurityGroupIDException', text);
    }
    return vpcId;
  }
}
