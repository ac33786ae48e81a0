import type { ApiGatewayV2Operations, Call, Handlers } from '@mayfly/wire';
import { scopeOf } from '../kit/index.ts';
import { given, type HttpDesk } from './desk.ts';
import { badRequest, conflict, notFound } from './faults.ts';
import { paged } from './pages.ts';
import type { DomainRecord, MappingRecord } from './records.ts';

type DomainHandlers = Pick<
  Handlers<ApiGatewayV2Operations>,
  | 'CreateDomainName'
  | 'GetDomainName'
  | 'GetDomainNames'
  | 'UpdateDomainName'
  | 'DeleteDomainName'
  | 'CreateApiMapping'
  | 'GetApiMapping'
  | 'GetApiMappings'
  | 'UpdateApiMapping'
  | 'DeleteApiMapping'
>;

/** Names of one's own in front of APIs: served to whoever says the name in `Host`. */
export function domainHandlers(
  desk: HttpDesk,
  options: {
    readonly isTaken: (name: string) => boolean;
    readonly stageExists: (call: Call, apiId: string, stage: string) => boolean;
  },
): DomainHandlers {
  const { records } = desk;
  const domain = (call: Call, name = ''): DomainRecord => {
    const found = records.get('domain', scopeOf(call), name.toLowerCase());
    if (found === undefined) throw notFound('Invalid domain name identifier specified');
    return found;
  };
  const mapping = (call: Call, name: string | undefined, id = ''): MappingRecord => {
    const found = records.get('mapping', scopeOf(call), id);
    if (found === undefined || found.domain !== domain(call, name).id) throw notFound('Invalid API mapping identifier specified');
    return found;
  };
  const checkMapping = (call: Call, { apiId, stage }: MappingRecord): void => {
    if (!options.stageExists(call, apiId, stage)) throw badRequest('Invalid stage identifier specified');
  };
  const checkTwin = (others: readonly MappingRecord[], made: MappingRecord): void => {
    if (others.some((each) => each.domain === made.domain && each.key === made.key && each.id !== made.id))
      throw conflict('ApiMapping key already exists for this domain name');
  };
  return {
    async CreateDomainName(input, call) {
      const name = (input.DomainName ?? '').toLowerCase();
      if (!/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(name)) throw badRequest('The domain name is not valid.');
      const made: DomainRecord = { ...input, DomainName: name, id: name, account: call.account, region: call.region };
      await records.change((draft) => {
        if (options.isTaken(name) || draft.get('domain', scopeOf(call), name) !== undefined)
          throw conflict('The domain name you provided already exists.');
        draft.put('domain', scopeOf(call), name, made);
      });
      return shown(made);
    },

    GetDomainName: async (input, call) => shown(domain(call, input.DomainName)),

    GetDomainNames: async (input, call) => paged(records.list('domain', scopeOf(call)), input, ({ id }) => id, shown),

    async UpdateDomainName({ DomainName: name, ...input }, call) {
      const next = await records.change((draft) => {
        const before = draft.get('domain', scopeOf(call), (name ?? '').toLowerCase()) ?? domain(call, name);
        const after: DomainRecord = { ...before, ...given(input) };
        draft.put('domain', scopeOf(call), after.id, after);
        return after;
      });
      return shown(next);
    },

    async DeleteDomainName(input, call) {
      const { id } = domain(call, input.DomainName);
      await records.change((draft) => {
        for (const each of draft.list('mapping', scopeOf(call)))
          if (each.domain === id) draft.delete('mapping', scopeOf(call), each.id);
        draft.delete('domain', scopeOf(call), id);
      });
      return {};
    },

    async CreateApiMapping(input, call) {
      const made: MappingRecord = {
        id: desk.newId(6),
        domain: domain(call, input.DomainName).id,
        apiId: input.ApiId ?? '',
        stage: input.Stage ?? '',
        key: readKey(input.ApiMappingKey),
      };
      checkMapping(call, made);
      await records.change((draft) => {
        checkTwin(draft.list('mapping', scopeOf(call)), made);
        draft.put('mapping', scopeOf(call), made.id, made);
      });
      return shownMapping(made);
    },

    GetApiMapping: async (input, call) => shownMapping(mapping(call, input.DomainName, input.ApiMappingId)),

    GetApiMappings: async (input, call) => {
      const { id } = domain(call, input.DomainName);
      const own = records.list('mapping', scopeOf(call)).filter((each) => each.domain === id);
      return paged(own, input, (each) => each.id, shownMapping);
    },

    async UpdateApiMapping(input, call) {
      const before = mapping(call, input.DomainName, input.ApiMappingId);
      const next: MappingRecord = {
        ...before,
        ...(input.ApiId === undefined ? {} : { apiId: input.ApiId }),
        ...(input.Stage === undefined ? {} : { stage: input.Stage }),
        ...(input.ApiMappingKey === undefined ? {} : { key: readKey(input.ApiMappingKey) }),
      };
      checkMapping(call, next);
      await records.change((draft) => {
        checkTwin(draft.list('mapping', scopeOf(call)), next);
        draft.put('mapping', scopeOf(call), next.id, next);
      });
      return shownMapping(next);
    },

    async DeleteApiMapping(input, call) {
      const { id } = mapping(call, input.DomainName, input.ApiMappingId);
      await records.change((draft) => draft.delete('mapping', scopeOf(call), id));
      return {};
    },
  };
}

/** `(none)` is how the older API says that there is none. */
function readKey(key = ''): string {
  const text = key === '(none)' ? '' : key;
  if (!/^(?:[\w.~$+-]+(?:\/[\w.~$+-]+)*)?$/.test(text)) throw badRequest('Invalid ApiMappingKey');
  return text;
}

const shown = ({ id, account: _account, region, MutualTlsAuthentication: tls, ...domain }: DomainRecord) => ({
  ...domain,
  DomainName: id,
  ApiMappingSelectionExpression: '$request.basepath',
  DomainNameConfigurations: (domain.DomainNameConfigurations ?? []).map(({ CertificateUploadDate: _date, ...each }) => ({
    EndpointType: 'REGIONAL' as const,
    SecurityPolicy: 'TLS_1_2' as const,
    ...each,
    ApiGatewayDomainName: `d-${Buffer.from(id).toString('hex').slice(0, 10)}.execute-api.${region}.amazonaws.com`,
    DomainNameStatus: 'AVAILABLE' as const,
    HostedZoneId: 'Z2FDTNDATAQYW2',
  })),
  Tags: domain.Tags ?? {},
  ...(tls === undefined ? {} : { MutualTlsAuthentication: tls }),
});

const shownMapping = ({ id, apiId, stage, key }: MappingRecord) => ({
  ApiMappingId: id,
  ApiId: apiId,
  Stage: stage,
  ApiMappingKey: key,
});
