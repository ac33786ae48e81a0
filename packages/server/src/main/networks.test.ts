import { suite, test, type TestContext } from 'node:test';
import { networkDefinitions } from './network-definitions.ts';
import { Networks } from './networks.ts';

const definitions = networkDefinitions({
  'vpc-a': {
    subnets: ['subnet-1', 'subnet-2'],
    allow: [{ to: '0.0.0.0/0', protocol: 'tcp', ports: '443' }],
    securityGroups: { 'sg-db': [{ to: '10.20.0.5', ports: '5432-5433' }], 'sg-all': [{ to: '10.0.0.0/8' }] },
    nameServers: ['10.20.0.2'],
  },
  'vpc-b': { subnets: ['subnet-3'] },
});

suite('networks of the operator', () => {
  test('a function may do what its network allows, and its groups', (t: TestContext) => {
    const networks = new Networks(definitions);
    const join = (subnetIds: string[], securityGroupIds: string[]) =>
      networks.networkOf({ vpc: { subnetIds, securityGroupIds, ipv6AllowedForDualStack: false } });
    t.assert.deepEqual(join(['subnet-2'], ['sg-db']), {
      allow: [
        { to: '10.20.0.2/32', protocol: 'udp', ports: [53, 53] },
        { to: '10.20.0.2/32', protocol: 'tcp', ports: [53, 53] },
        { to: '0.0.0.0/0', protocol: 'tcp', ports: [443, 443] },
        { to: '10.20.0.5/32', protocol: 'tcp', ports: [5432, 5433] },
      ],
      nameServers: ['10.20.0.2'],
    });
    t.assert.deepEqual(join(['subnet-3'], []), { allow: [], nameServers: [] });
    t.assert.equal(join([], []), undefined);
    t.assert.throws(() => join(['subnet-1', 'subnet-3'], []), { code: 'InvalidSubnetIDException' });
    t.assert.throws(() => join(['subnet-3'], ['sg-db']), { code: 'InvalidSecurityGroupIDException' });
    t.assert.equal(networks.vpcOf({ subnetIds: ['subnet-1', 'subnet-2'], securityGroupIds: ['sg-all'] }), 'vpc-a');
  });

  test('a definition that cannot be meant is refused with its place', (t: TestContext) => {
    const one = (more: object): unknown => ({ 'vpc-a': { subnets: ['subnet-1'], ...more } });
    for (const [given, fault] of [
      [[], /object/],
      [{ office: { subnets: ['subnet-1'] } }, /office: networks are named like vpc-/],
      [{ 'vpc-a': {} }, /vpc-a\.subnets names none/],
      [{ 'vpc-a': { subnets: ['subnet-1'] }, 'vpc-b': { subnets: ['subnet-1'] } }, /subnet-1 is in vpc-a and in vpc-b/],
      [one({ alow: [] }), /there is no alow/],
      [one({ allow: [{ to: '10.0.0.1/8' }] }), /allow\[0\]\.to: 10\.0\.0\.1\/8 has bits set/],
      [one({ allow: [{ to: '127.0.0.1' }] }), /nothing to open/],
      [one({ allow: [{ to: 'host' }] }), /named one by one/],
      [one({ allow: [{ to: '10.0.0.0/8', ports: '9-8' }] }), /ports/],
      [one({ allow: [{ to: '10.0.0.0/8', ports: 70_000 }] }), /ports/],
      [one({ allow: [{ to: '10.0.0.0/8', protocol: 'icmp', ports: 1 }] }), /icmp has none/],
      [one({ securityGroups: { group: [] } }), /does not match/],
      [one({ nameServers: ['::1'] }), /IPv4/],
    ] as const)
      t.assert.throws(() => networkDefinitions(given), fault, JSON.stringify(given));
  });
});
