import { behaviours, type Properties, type ResourceType } from '../type.ts';
import { allTags, retag } from './api.ts';
import { call, members, structure } from './operations.ts';
import { scalars } from './patches.ts';

/** @source CloudFormation Template Reference, AWS::ApiGateway::DomainName, read 2026-11 */
export const domainName: ResourceType = {
  properties: behaviours({
    replaces: 'DomainName EndpointConfiguration',
    updates:
      'CertificateArn MutualTlsAuthentication OwnershipVerificationCertificateArn RegionalCertificateArn RoutingMode SecurityPolicy Tags',
  }),
  attributes: [
    'DistributionDomainName',
    'DistributionHostedZoneId',
    'DomainNameArn',
    'RegionalDomainName',
    'RegionalHostedZoneId',
  ],
  async create(properties, making) {
    const made = await call(making, 'CreateDomainName', {
      ...members(
        properties,
        'CertificateArn DomainName OwnershipVerificationCertificateArn RegionalCertificateArn RoutingMode SecurityPolicy',
      ),
      endpointConfiguration: structure(properties['EndpointConfiguration'] as Properties | undefined),
      mutualTlsAuthentication: structure(properties['MutualTlsAuthentication'] as Properties | undefined),
      tags: allTags(properties, making),
    });
    return {
      id: String(made['domainName']),
      attributes: {
        DistributionDomainName: made['distributionDomainName'] ?? '',
        DistributionHostedZoneId: made['distributionHostedZoneId'] ?? '',
        DomainNameArn: made['domainNameArn'],
        RegionalDomainName: made['regionalDomainName'] ?? '',
        RegionalHostedZoneId: made['regionalHostedZoneId'] ?? '',
      },
    };
  },
  async update(id, properties, before, making) {
    const paths = {
      CertificateArn: '/certificateArn',
      OwnershipVerificationCertificateArn: '/ownershipVerificationCertificateArn',
      RegionalCertificateArn: '/regionalCertificateArn',
      RoutingMode: '/routingMode',
      SecurityPolicy: '/securityPolicy',
    };
    const tls = scalars(
      {
        TruststoreUri: '/mutualTlsAuthentication/truststoreUri',
        TruststoreVersion: '/mutualTlsAuthentication/truststoreVersion',
      },
      (properties['MutualTlsAuthentication'] ?? {}) as Properties,
      (before['MutualTlsAuthentication'] ?? {}) as Properties,
    );
    const patchOperations = [...scalars(paths, properties, before), ...tls];
    if (patchOperations.length > 0) await call(making, 'UpdateDomainName', { domainName: id, patchOperations });
    await retag(`/domainnames/${id}`, properties, before, making);
    return { id };
  },
  delete: (id, _properties, making) => call(making, 'DeleteDomainName', { domainName: id }),
};

/** @source CloudFormation Template Reference, AWS::ApiGateway::BasePathMapping, read 2026-11 */
export const basePathMapping: ResourceType = {
  properties: behaviours({ replaces: 'BasePath DomainName', updates: 'RestApiId Stage' }),
  required: ['DomainName'],
  async create(properties, making) {
    await call(making, 'CreateBasePathMapping', members(properties, 'BasePath DomainName RestApiId Stage'));
    return { id: `${properties['DomainName']}|${properties['BasePath'] ?? ''}` };
  },
  async update(id, properties, before, making) {
    const patchOperations = scalars({ RestApiId: '/restapiId', Stage: '/stage' }, properties, before);
    if (patchOperations.length > 0) await call(making, 'UpdateBasePathMapping', { ...at(properties), patchOperations });
    return { id };
  },
  delete: (_id, properties, making) => call(making, 'DeleteBasePathMapping', at(properties)),
};

const at = ({ DomainName: domainName, BasePath: basePath }: Properties): Properties => ({
  domainName,
  basePath: basePath === undefined || basePath === '' ? '(none)' : basePath,
});
