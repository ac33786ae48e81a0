import type { Call, EventBridgeOperations, Handlers } from '@mayfly/wire';
import { openText, scopeOf, sealText } from '../kit/index.ts';
import type { Authorizations } from './authorizations.ts';
import { given, paged, tokenOf, type Desk } from './desk.ts';
import type { AuthParameters } from './destination-call.ts';
import { exists, invalid, notFound } from './faults.ts';
import type { Connection, Destination } from './kinds.ts';

type ConnectionHandlers = Pick<
  Handlers<EventBridgeOperations>,
  | 'CreateConnection'
  | 'DescribeConnection'
  | 'UpdateConnection'
  | 'DeleteConnection'
  | 'DeauthorizeConnection'
  | 'ListConnections'
  | 'CreateApiDestination'
  | 'DescribeApiDestination'
  | 'UpdateApiDestination'
  | 'DeleteApiDestination'
  | 'ListApiDestinations'
>;

const needed = {
  BASIC: 'BasicAuthParameters',
  API_KEY: 'ApiKeyAuthParameters',
  OAUTH_CLIENT_CREDENTIALS: 'OAuthParameters',
} as const;
/** @source API Reference, CreateApiDestination */
const defaultRate = 300;

/**
 * API destinations and the connections that authorize them. Secrets are sealed before they touch the disk, and shown
 * only by Secrets Manager.
 */
export function connectionHandlers(
  { records, sealer, secrets, clock, random }: Desk,
  authorizations: Authorizations,
): ConnectionHandlers {
  const connection = (call: Call, name: string | undefined): Connection => {
    const found = records.get('connection', scopeOf(call), name ?? '');
    if (found === undefined) throw notFound(`Failed to describe the connection(s). Connection '${name}' does not exist.`);
    return found;
  };
  const destination = (call: Call, name: string | undefined): Destination => {
    const found = records.get('destination', scopeOf(call), name ?? '');
    if (found === undefined)
      throw notFound(`Failed to describe the api-destination(s). An api-destination '${name}' does not exist.`);
    return found;
  };
  const opened = (of: Connection): AuthParameters => JSON.parse(openText(sealer, of.sealed) ?? '{}') as AuthParameters;
  const checkAuth = (type: Connection['type'], auth: AuthParameters): void => {
    if (auth[needed[type]] === undefined)
      throw invalid(`Authorization parameters must be provided for authorization type ${type}: ${needed[type]}.`);
  };
  const changed = (of: Connection) => ({
    ConnectionArn: of.arn,
    ConnectionState: stateOfConnection(of),
    CreationTime: new Date(of.createdAtMs),
    LastModifiedTime: new Date(of.changedAtMs),
    ...(of.isDeauthorized === true ? {} : { LastAuthorizedTime: new Date(of.changedAtMs) }),
  });
  return {
    async CreateConnection(input, call) {
      const name = input.Name ?? '';
      const type = input.AuthorizationType ?? 'API_KEY';
      const auth = input.AuthParameters ?? {};
      checkAuth(type, auth);
      if (records.get('connection', scopeOf(call), name) !== undefined) throw exists(`Connection ${name} already exists.`);
      const secretName = `events!connection/${name}/${random.uuid()}`;
      const made: Connection = {
        name,
        arn: `arn:aws:events:${call.region}:${call.account}:connection/${name}/${random.uuid()}`,
        secretArn:
          (await secrets?.keep(call, secretName, secretOf(type, auth))) ??
          `arn:aws:secretsmanager:${call.region}:${call.account}:secret:${secretName}-${random.uuid().slice(0, 6)}`,
        ...given('description', input.Description),
        type,
        sealed: sealText(sealer, JSON.stringify(auth)),
        createdAtMs: clock.now(),
        changedAtMs: clock.now(),
        ...authorizing(type),
      };
      await records.change((draft) => {
        if (draft.get('connection', scopeOf(call), name) !== undefined) throw exists(`Connection ${name} already exists.`);
        draft.put('connection', scopeOf(call), name, made);
      });
      if (made.isAuthorizing === true) authorizations.begin(scopeOf(call), name);
      const { LastAuthorizedTime: _, ...answer } = changed(made);
      return answer;
    },

    DescribeConnection(input, call) {
      const found = connection(call, input.Name);
      return Promise.resolve({
        ...changed(found),
        Name: found.name,
        ...given('Description', found.description),
        AuthorizationType: found.type,
        SecretArn: found.secretArn,
        AuthParameters: shown(opened(found)) as never,
      });
    },

    async UpdateConnection(input, call) {
      const before = connection(call, input.Name);
      const type = input.AuthorizationType ?? before.type;
      const auth = { ...opened(before), ...input.AuthParameters } as AuthParameters;
      checkAuth(type, auth);
      const { isDeauthorized: _, isAuthorizing: _also, ...rest } = before;
      const next: Connection = {
        ...rest,
        ...given('description', input.Description),
        type,
        sealed: sealText(sealer, JSON.stringify(auth)),
        changedAtMs: clock.now(),
        ...authorizing(type),
      };
      await secrets?.keep(call, secretNameOf(next.secretArn), secretOf(type, auth));
      await records.change((draft) => draft.put('connection', scopeOf(call), next.name, next));
      if (next.isAuthorizing === true) authorizations.begin(scopeOf(call), next.name);
      return changed(next);
    },

    async DeleteConnection(input, call) {
      const found = connection(call, input.Name);
      await secrets?.forget(call, found.secretArn);
      await records.change((draft) => draft.delete('connection', scopeOf(call), found.name));
      return { ...changed(found), ConnectionState: 'DELETING' };
    },

    async DeauthorizeConnection(input, call) {
      const next: Connection = {
        ...connection(call, input.Name),
        isDeauthorized: true,
        sealed: sealText(sealer, '{}'),
        changedAtMs: clock.now(),
      };
      await secrets?.forget(call, next.secretArn);
      await records.change((draft) => draft.put('connection', scopeOf(call), next.name, next));
      return changed(next);
    },

    ListConnections(input, call) {
      const all = records
        .list('connection', scopeOf(call))
        .filter((each) => input.ConnectionState === undefined || changed(each).ConnectionState === input.ConnectionState);
      const page = paged(all, input, input.NamePrefix);
      return Promise.resolve({
        Connections: page.items.map((each) => ({ ...changed(each), Name: each.name, AuthorizationType: each.type })),
        ...tokenOf(page),
      });
    },

    async CreateApiDestination(input, call) {
      const name = input.Name ?? '';
      connection(call, input.ConnectionArn?.split('/')[1]);
      const made: Destination = {
        name,
        arn: `arn:aws:events:${call.region}:${call.account}:api-destination/${name}/${random.uuid()}`,
        ...given('description', input.Description),
        connectionArn: input.ConnectionArn ?? '',
        url: checkedUrl(input.InvocationEndpoint),
        method: input.HttpMethod ?? 'POST',
        ratePerSecond: input.InvocationRateLimitPerSecond ?? defaultRate,
        createdAtMs: clock.now(),
        changedAtMs: clock.now(),
      };
      await records.change((draft) => {
        if (draft.get('destination', scopeOf(call), name) !== undefined)
          throw exists(`An api-destination '${name}' already exists.`);
        draft.put('destination', scopeOf(call), name, made);
      });
      return stateOf(made);
    },

    DescribeApiDestination(input, call) {
      const found = destination(call, input.Name);
      return Promise.resolve({ ...listed(found), ...given('Description', found.description) });
    },

    async UpdateApiDestination(input, call) {
      const before = destination(call, input.Name);
      if (input.ConnectionArn !== undefined) connection(call, input.ConnectionArn.split('/')[1]);
      const next: Destination = {
        ...before,
        ...given('description', input.Description),
        ...given('connectionArn', input.ConnectionArn),
        ...given('url', input.InvocationEndpoint === undefined ? undefined : checkedUrl(input.InvocationEndpoint)),
        ...given('method', input.HttpMethod),
        ...given('ratePerSecond', input.InvocationRateLimitPerSecond),
        changedAtMs: clock.now(),
      };
      await records.change((draft) => draft.put('destination', scopeOf(call), next.name, next));
      return stateOf(next);
    },

    async DeleteApiDestination(input, call) {
      const found = destination(call, input.Name);
      await records.change((draft) => draft.delete('destination', scopeOf(call), found.name));
      return {};
    },

    ListApiDestinations(input, call) {
      const all = records
        .list('destination', scopeOf(call))
        .filter((each) => input.ConnectionArn === undefined || each.connectionArn === input.ConnectionArn);
      const page = paged(all, input, input.NamePrefix);
      return Promise.resolve({ ApiDestinations: page.items.map(listed), ...tokenOf(page) });
    },
  };
}

const authorizing = (type: Connection['type']) => (type === 'OAUTH_CLIENT_CREDENTIALS' ? { isAuthorizing: true } : {});

function stateOfConnection({ isDeauthorized, isAuthorizing }: Connection): 'DEAUTHORIZED' | 'AUTHORIZING' | 'AUTHORIZED' {
  if (isDeauthorized === true) return 'DEAUTHORIZED';
  return isAuthorizing === true ? 'AUTHORIZING' : 'AUTHORIZED';
}

const secretNameOf = (arn: string): string => /:secret:(.+)-.{6}$/.exec(arn)?.[1] ?? '';

/** What Secrets Manager shows of a connection. @source recorded from AWS, 2024-12 */
function secretOf(type: Connection['type'], auth: AuthParameters): string {
  const { BasicAuthParameters: basic, ApiKeyAuthParameters: key, OAuthParameters: oauth, InvocationHttpParameters: http } = auth;
  const own = {
    BASIC: { username: basic?.Username, password: basic?.Password },
    API_KEY: { api_key_name: key?.ApiKeyName, api_key_value: key?.ApiKeyValue },
    OAUTH_CLIENT_CREDENTIALS: {
      client_id: oauth?.ClientParameters?.ClientID,
      client_secret: oauth?.ClientParameters?.ClientSecret,
      authorization_endpoint: oauth?.AuthorizationEndpoint,
      http_method: oauth?.HttpMethod,
      oauth_http_parameters: oauth?.OAuthHttpParameters,
    },
  }[type];
  const shared = http !== undefined && Object.keys(http).length > 0 ? { invocation_http_parameters: http } : {};
  return JSON.stringify({ ...own, ...shared });
}

/** What DescribeConnection shows: names, no secrets. */
function shown(auth: AuthParameters): object {
  type Parameter = { readonly Key?: string; readonly Value?: string; readonly IsValueSecret?: boolean };
  const plain = (http: AuthParameters['InvocationHttpParameters']) =>
    Object.fromEntries(
      Object.entries((http ?? {}) as Record<string, readonly Parameter[] | undefined>).map(([name, list]) => [
        name,
        list?.map((each) => (each.IsValueSecret === true ? { Key: each.Key, IsValueSecret: true } : each)),
      ]),
    );
  const { BasicAuthParameters: basic, ApiKeyAuthParameters: key, OAuthParameters: oauth, InvocationHttpParameters: http } = auth;
  return {
    ...(basic === undefined ? {} : { BasicAuthParameters: { Username: basic.Username } }),
    ...(key === undefined ? {} : { ApiKeyAuthParameters: { ApiKeyName: key.ApiKeyName } }),
    ...(oauth === undefined
      ? {}
      : {
          OAuthParameters: {
            ClientParameters: { ClientID: oauth.ClientParameters?.ClientID },
            AuthorizationEndpoint: oauth.AuthorizationEndpoint,
            HttpMethod: oauth.HttpMethod,
            ...(oauth.OAuthHttpParameters === undefined ? {} : { OAuthHttpParameters: plain(oauth.OAuthHttpParameters) }),
          },
        }),
    ...(http === undefined ? {} : { InvocationHttpParameters: plain(http) }),
  };
}

/** Plain HTTP too: destinations on one's own machine have no certificate. @throws ValidationException */
function checkedUrl(text: string | undefined): string {
  const url = text !== undefined && URL.canParse(text.replaceAll('*', 'x')) ? new URL(text.replaceAll('*', 'x')) : undefined;
  if (text === undefined || url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw invalid('Parameter InvocationEndpoint is not valid.');
  return text;
}

const stateOf = (of: Destination) => ({
  ApiDestinationArn: of.arn,
  ApiDestinationState: 'ACTIVE' as const,
  CreationTime: new Date(of.createdAtMs),
  LastModifiedTime: new Date(of.changedAtMs),
});

const listed = (of: Destination) => ({
  ...stateOf(of),
  Name: of.name,
  ConnectionArn: of.connectionArn,
  InvocationEndpoint: of.url,
  HttpMethod: of.method as 'POST',
  InvocationRateLimitPerSecond: of.ratePerSecond,
});
