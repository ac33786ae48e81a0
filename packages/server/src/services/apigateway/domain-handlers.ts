import type { ApiGatewayOperations, Handlers } from '@mayfly/wire';
import { scopeOf } from '../kit/index.ts';
import { given, within, type Draft, type Place, type RestDesk } from './desk.ts';
import { badRequest, conflict, notFound } from './faults.ts';
import { paged } from './pages.ts';
import { brief, member, patched, text, type Table } from './patch.ts';
import type { DomainRecord, MappingRecord } from './records.ts';

type DomainHandlers = Pick<
  Handlers<ApiGatewayOperations>,
  | 'CreateDomainName'
  | 'GetDomainName'
  | 'GetDomainNames'
  | 'UpdateDomainName'
  | 'DeleteDomainName'
  | 'CreateBasePathMapping'
  | 'GetBasePathMapping'
  | 'GetBasePathMappings'
  | 'UpdateBasePathMapping'
  | 'DeleteBasePathMapping'
>;

/** How the empty base path is called. */
const none = '(none)';

/** Names of one's own in front of APIs. @param isTaken  whether somebody else answers to a name */
export function domainHandlers(desk: RestDesk, isTaken: (name: string) => boolean): DomainHandlers {
  const { records } = desk;
  const domainOf = (place: Place, name = '', from: Pick<Draft, 'get'> = records): DomainRecord => {
    const domain = from.get('domain', scopeOf(place), name.toLowerCase());
    if (domain === undefined) throw notFound('Invalid domain name identifier specified');
    return domain;
  };
  const mappingOf = (place: Place, domain: string, basePath = '', from: Pick<Draft, 'get'> = records): MappingRecord => {
    const mapping = from.get('mapping', scopeOf(place), keyOf(domain, readPath(basePath)));
    if (mapping === undefined) throw notFound('Invalid base path mapping identifier specified');
    return mapping;
  };
  const checkTarget = (draft: Draft, place: Place, { apiId, stage }: MappingRecord): void => {
    if (draft.get('api', scopeOf(place), apiId) === undefined) throw badRequest('Invalid REST API identifier specified');
    if (stage !== undefined && draft.get('stage', within(place, apiId), stage) === undefined)
      throw badRequest('Invalid stage identifier specified');
  };
  return {
    async CreateDomainName({ certificateBody: _body, certificatePrivateKey: _key, ...input }, call) {
      const name = (input.domainName ?? '').toLowerCase();
      if (!/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(name)) throw badRequest('The domain name is not valid.');
      const domain: DomainRecord = {
        ...given(input),
        domainName: name,
        id: name,
        account: call.account,
        region: call.region,
        createdAtMs: desk.clock.now(),
      };
      await desk.change(undefined, (draft) => {
        if (isTaken(name) || draft.get('domain', scopeOf(call), name) !== undefined)
          throw conflict('The domain name you provided already exists.');
        draft.put('domain', scopeOf(call), name, domain);
      });
      return shown(domain);
    },

    GetDomainName: async ({ domainName }, call) => shown(domainOf(call, domainName)),

    GetDomainNames: async (input, call) => paged(records.list('domain', scopeOf(call)), input, ({ id }) => id, shown),

    async UpdateDomainName({ domainName, patchOperations }, call) {
      const next = await desk.change(undefined, (draft) => {
        const after = patched<DomainRecord>(domainOf(call, domainName, draft), patchOperations, updates);
        draft.put('domain', scopeOf(call), after.id, after);
        return after;
      });
      return shown(next);
    },

    async DeleteDomainName({ domainName }, call) {
      await desk.change(undefined, (draft) => {
        const { id } = domainOf(call, domainName, draft);
        for (const each of draft.list('mapping', scopeOf(call)))
          if (each.domain === id) draft.delete('mapping', scopeOf(call), keyOf(id, each.basePath));
        draft.delete('domain', scopeOf(call), id);
      });
      return {};
    },

    async CreateBasePathMapping({ domainName, basePath, restApiId: apiId = '', stage }, call) {
      const made = await desk.change(undefined, (draft) => {
        const { id: domain } = domainOf(call, domainName, draft);
        const mapping: MappingRecord = { domain, basePath: readPath(basePath), apiId, ...given({ stage }) };
        checkTarget(draft, call, mapping);
        if (draft.get('mapping', scopeOf(call), keyOf(domain, mapping.basePath)) !== undefined)
          throw conflict('Base path already exists for this domain name');
        draft.put('mapping', scopeOf(call), keyOf(domain, mapping.basePath), mapping);
        return mapping;
      });
      return shownMapping(made);
    },

    GetBasePathMapping: async ({ domainName, basePath }, call) =>
      shownMapping(mappingOf(call, domainOf(call, domainName).id, basePath)),

    async GetBasePathMappings({ domainName, ...page }, call) {
      const { id } = domainOf(call, domainName);
      const own = records.list('mapping', scopeOf(call)).filter(({ domain }) => domain === id);
      return paged(own, page, ({ basePath }) => basePath, shownMapping);
    },

    async UpdateBasePathMapping({ domainName, basePath, patchOperations }, call) {
      const next = await desk.change(undefined, (draft) => {
        const { id: domain } = domainOf(call, domainName, draft);
        const before = mappingOf(call, domain, basePath, draft);
        const { restApiId, ...changed } = patched(
          { basePath: before.basePath, restApiId: before.apiId, ...given({ stage: before.stage }) },
          patchOperations,
          mappingUpdates,
        );
        const after: MappingRecord = { ...changed, domain, apiId: restApiId, basePath: readPath(changed.basePath) };
        checkTarget(draft, call, after);
        const key = keyOf(domain, after.basePath);
        if (after.basePath !== before.basePath && draft.get('mapping', scopeOf(call), key) !== undefined)
          throw conflict('Base path already exists for this domain name');
        draft.delete('mapping', scopeOf(call), keyOf(domain, before.basePath));
        draft.put('mapping', scopeOf(call), key, after);
        return after;
      });
      return shownMapping(next);
    },

    async DeleteBasePathMapping({ domainName, basePath }, call) {
      await desk.change(undefined, (draft) => {
        const { id } = domainOf(call, domainName, draft);
        const mapping = mappingOf(call, id, basePath, draft);
        draft.delete('mapping', scopeOf(call), keyOf(id, mapping.basePath));
      });
      return {};
    },
  };
}

const keyOf = (domain: string, basePath: string): string => `${domain}/${basePath}`;

function readPath(given = ''): string {
  const path = given === none ? '' : given;
  if (!/^[\w.~$+-]*$/.test(path))
    throw badRequest(
      "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base path mapping, use API Gateway V2.",
    );
  return path;
}

function shown({ id, account: _account, region, createdAtMs, mutualTlsAuthentication: tls, ...domain }: DomainRecord) {
  const types = domain.endpointConfiguration?.types ?? ['EDGE' as const];
  const label = Buffer.from(id).toString('hex').slice(0, 10);
  const dateOf =
    domain.certificateArn === undefined && domain.regionalCertificateArn === undefined
      ? {}
      : { certificateUploadDate: new Date(createdAtMs) };
  return {
    ...domain,
    ...dateOf,
    domainName: id,
    domainNameArn: `arn:aws:apigateway:${region}::/domainnames/${id}`,
    domainNameStatus: 'AVAILABLE' as const,
    endpointConfiguration: { ipAddressType: 'ipv4' as const, ...domain.endpointConfiguration, types },
    securityPolicy: domain.securityPolicy ?? ('TLS_1_2' as const),
    tags: domain.tags ?? {},
    ...(types.includes('EDGE')
      ? { distributionDomainName: `d${label}.cloudfront.net`, distributionHostedZoneId: 'Z2FDTNDATAQYW2' }
      : {
          regionalDomainName: `d-${label}.execute-api.${region}.amazonaws.com`,
          regionalHostedZoneId: 'Z1UJRXOUMOOFQ8',
        }),
    ...(tls === undefined ? {} : { mutualTlsAuthentication: tls }),
  };
}

const shownMapping = ({ basePath, apiId, stage }: MappingRecord) => ({
  basePath: basePath === '' ? none : basePath,
  restApiId: apiId,
  ...given({ stage }),
});

const updates: Table = {
  places: {
    '/certificateName': member(),
    '/certificateArn': member(),
    '/regionalCertificateName': member(),
    '/regionalCertificateArn': member(),
    '/securityPolicy': member(),
    '/policy': member(text, ['replace', 'remove']),
    '/routingMode': member(),
    '/ownershipVerificationCertificateArn': member(),
    '/mutualTlsAuthentication/truststoreUri': member(text, ['add', 'replace', 'remove']),
    '/mutualTlsAuthentication/truststoreVersion': member(text, ['add', 'replace', 'remove']),
    '/endpointConfiguration/ipAddressType': member(),
    '/endpointConfiguration/types/{type}': {
      ops: ['add', 'replace', 'remove'],
      apply: (document, _path, { op, value }) =>
        op === 'remove' || value === undefined ? document : { ...document, endpointConfiguration: { types: [value] } },
    },
  },
  words: brief,
};

const mappingUpdates: Table = {
  places: {
    '/basePath': member(),
    '/restapiId': renamed('restApiId'),
    '/restApiId': member(),
    '/stage': member(text, ['replace', 'remove']),
  },
  words: brief,
};

/** AWS spells this path in two ways. */
function renamed(name: string) {
  const place = member();
  return {
    ...place,
    apply: (...[document, , patch, names]: Parameters<typeof place.apply>) => place.apply(document, [name], patch, names),
  };
}
