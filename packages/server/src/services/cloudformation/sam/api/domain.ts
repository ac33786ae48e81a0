import type { Draft } from '../draft.ts';
import { InvalidResource } from '../faults.ts';
import { hashedId } from '../logical-id.ts';
import { asMap, getAtt, given, isMap, listOf, ref, type Fields } from '../values.ts';

/** An API of which kind answers by the name, and what of it a name leads to. */
export interface Named {
  readonly logicalId: string;
  readonly stageId: string;
  readonly domain: Fields;
  readonly inherited: Fields;
  readonly draft: Draft;
}

const mutualTlsFields = ['TruststoreUri', 'TruststoreVersion'];
/** The hosted zone of every distribution. */
const distributionZone = 'Z2FDTNDATAQYW2';

/** A name of one's own for an HTTP API. @param tags  those of the API */
export function addHttpDomain({ logicalId, stageId, domain, inherited, draft }: Named, tags: Fields): void {
  const { DomainName, CertificateArn, EndpointConfiguration = 'REGIONAL' } = domain;
  if (DomainName === undefined || CertificateArn === undefined)
    throw new InvalidResource(logicalId, 'Custom Domains only works if both DomainName and CertificateArn are provided.');
  if (EndpointConfiguration !== 'REGIONAL')
    throw new InvalidResource(logicalId, `EndpointConfiguration for Custom Domains must be one of ['REGIONAL'].`);
  const domainId = hashedId('ApiGatewayDomainNameV2', DomainName);
  const configuration = given({
    CertificateArn,
    EndpointType: EndpointConfiguration,
    OwnershipVerificationCertificateArn: domain['OwnershipVerificationCertificateArn'],
    SecurityPolicy: domain['SecurityPolicy'],
  });
  // Of a field that there is not, SAM speaks as if it were the resource.
  const tls = mutualTls(
    domain,
    (field) => new InvalidResource(field, `Available MutualTlsAuthentication fields are ${printedFields}.`),
  );
  const properties = { DomainName, DomainNameConfigurations: [configuration], MutualTlsAuthentication: tls, Tags: tags };
  draft.add(domainId, 'AWS::ApiGatewayV2::DomainName', properties, inherited);
  draft.renamed.set(`${logicalId}.DomainName`, domainId);
  const mapping = { ApiId: ref(logicalId), DomainName: ref(domainId), Stage: ref(stageId) };
  for (const path of paths(domain)) {
    if (path !== undefined && typeof path !== 'string') throw new InvalidResource(logicalId, 'Basepath must be a string.');
    if (path !== undefined && !/^[\w/-]*$/.test(path)) throw new InvalidResource(logicalId, 'Invalid Basepath name provided.');
    const key = path?.replaceAll(/^\/+|\/+$/g, '');
    draft.add(
      `${logicalId}${plain(key ?? '')}ApiMapping`,
      'AWS::ApiGatewayV2::ApiMapping',
      { ...mapping, ApiMappingKey: key },
      inherited,
    );
  }
  addRecords({ logicalId, domain, inherited, draft }, regional(domainId));
}

/** A name of one's own for a REST API. */
export function addRestDomain({ logicalId, stageId, domain, inherited, draft }: Named): void {
  const { DomainName, CertificateArn, EndpointConfiguration: type = 'REGIONAL' } = domain;
  for (const [name, value] of Object.entries({ DomainName, CertificateArn }))
    if (value === undefined) throw new InvalidResource(logicalId, `Property 'Domain.${name}' is required.`);
  if (type !== 'EDGE' && type !== 'REGIONAL' && type !== 'PRIVATE')
    throw new InvalidResource(
      logicalId,
      `EndpointConfiguration for Custom Domains must be one of ['EDGE', 'REGIONAL', 'PRIVATE'].`,
    );
  if (type === 'PRIVATE')
    throw new InvalidResource(logicalId, 'Mayfly does not translate private domain names of AWS::Serverless::Api yet.');
  const domainId = hashedId('ApiGatewayDomainName', DomainName);
  const tls = mutualTls(
    domain,
    () => new InvalidResource(logicalId, `Available Domain.MutualTlsAuthentication fields are ${printedFields}.`),
  );
  draft.add(
    domainId,
    'AWS::ApiGateway::DomainName',
    {
      DomainName,
      [type === 'EDGE' ? 'CertificateArn' : 'RegionalCertificateArn']: CertificateArn,
      EndpointConfiguration: { Types: [type] },
      MutualTlsAuthentication: tls,
      OwnershipVerificationCertificateArn: domain['OwnershipVerificationCertificateArn'],
      SecurityPolicy: domain['SecurityPolicy'],
    },
    inherited,
  );
  draft.renamed.set(`${logicalId}.DomainName`, domainId);
  const mapping = { DomainName: ref(domainId), RestApiId: ref(logicalId), Stage: ref(stageId) };
  for (const [at, path] of paths(domain).entries()) {
    if (path !== undefined && typeof path !== 'string')
      throw new InvalidResource(logicalId, `Property 'Domain.BasePath[${at}]' should be a string.`);
    const normal = path?.replaceAll(/[^\w-]/g, '');
    draft.add(
      `${logicalId}${plain(path ?? '')}BasePathMapping`,
      'AWS::ApiGateway::BasePathMapping',
      { ...mapping, BasePath: domain['NormalizeBasePath'] === false ? path : normal },
      inherited,
    );
  }
  const { DistributionDomainName = getAtt(domainId, 'DistributionDomainName') } = asMap(domain['Route53']);
  const target = type === 'EDGE' ? { HostedZoneId: distributionZone, DNSName: DistributionDomainName } : regional(domainId);
  addRecords({ logicalId, domain, inherited, draft }, target);
}

/** Without any the name leads to the API as a whole. */
const paths = ({ BasePath }: Fields): readonly unknown[] =>
  BasePath === undefined || (Array.isArray(BasePath) && BasePath.length === 0) ? [undefined] : listOf(BasePath);

/** A path as part of a logical id. */
const plain = (path: string): string => path.replaceAll(/[^A-Za-z0-9]/g, '');

const printedFields = `['${mutualTlsFields.join(`', '`)}']`;

function mutualTls(
  { MutualTlsAuthentication: written }: Fields,
  unknown: (field: string) => InvalidResource,
): Fields | undefined {
  const found = Object.entries(asMap(written));
  const other = found.find(([name]) => !mutualTlsFields.includes(name));
  if (other !== undefined) throw unknown(other[0]);
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

const regional = (domainId: string): Fields => ({
  HostedZoneId: getAtt(domainId, 'RegionalHostedZoneId'),
  DNSName: getAtt(domainId, 'RegionalDomainName'),
});

/** Where a hosted zone of Route 53 leads the name: all names of one zone are in one group. */
function addRecords({ logicalId, domain, inherited, draft }: Omit<Named, 'stageId'>, target: Fields): void {
  if (!isMap(domain['Route53'])) return;
  const { HostedZoneId, HostedZoneName, IpV6, EvaluateTargetHealth, Region, SetIdentifier } = domain['Route53'];
  const zone = HostedZoneId ?? HostedZoneName;
  if (zone === undefined)
    throw new InvalidResource(
      logicalId,
      'HostedZoneId or HostedZoneName is required to enable Route53 support on Custom Domains.',
    );
  const record = (Type: string): Fields =>
    given({ Name: domain['DomainName'], Type, AliasTarget: given({ EvaluateTargetHealth, ...target }), Region, SetIdentifier });
  const records = [record('A'), ...(IpV6 === true ? [record('AAAA')] : [])];
  const groupId = hashedId('RecordSetGroup', zone);
  // The first API of a zone says under which condition all its names are there, as SAM has it.
  const { Type: _type, Properties: before, ...attributes } = draft.made[groupId] ?? inherited;
  const others = asMap(before)['RecordSets'];
  draft.add(
    groupId,
    'AWS::Route53::RecordSetGroup',
    {
      ...(HostedZoneId === undefined ? { HostedZoneName } : { HostedZoneId }),
      RecordSets: [...(Array.isArray(others) ? (others as unknown[]) : []), ...records],
    },
    attributes,
  );
}
