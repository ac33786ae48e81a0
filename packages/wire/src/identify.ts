import { pathOf, queryOf, readCredentialScope, type RequestHead } from './request.ts';
import { isS3Host, signerV2 } from './s3-address.ts';
import { serviceInfo, serviceNames, type Protocol, type ServiceInfo, type ServiceName } from './services.ts';

export interface Identity {
  readonly service: ServiceName;
  readonly protocol: Protocol;
}

/**
 * Which service and protocol a request is for. The target is the surest sign, in its header or in a path of RPC v2,
 * then the scope of the signature, then a REST path of ours, then the API version of a form.
 */
export function identify(head: RequestHead, body?: Uint8Array): Identity | undefined {
  const target = head.headers['x-amz-target'];
  const prefix = rpcTargetOf(head)?.service ?? target?.slice(0, target.lastIndexOf('.'));
  const scope = readCredentialScope(head)?.service;
  const service =
    (prefix === undefined ? undefined : byTarget.get(prefix)) ??
    (scope === undefined ? undefined : bySigner(scope, head)) ??
    (isS3Host(head) || signerV2(head) !== undefined ? 's3' : undefined) ??
    byPath(head) ??
    byVersion(head, body) ??
    byLink(head);
  return service === undefined ? undefined : { service, protocol: protocolOf(service, head) };
}

/** The same where the service is known by its name in signatures. */
export function identifyFor(signingName: string, head: RequestHead): Identity | undefined {
  const service = bySigner(signingName, head);
  return service === undefined ? undefined : { service, protocol: protocolOf(service, head) };
}

const isRpcV2Cbor = (head: RequestHead): boolean => head.headers['smithy-protocol'] === 'rpc-v2-cbor';

/** `/service/GraniteServiceVersion20100801/operation/ListMetrics`, behind whatever path an endpoint has. */
export function rpcTargetOf(head: RequestHead): { readonly service: string; readonly operation: string } | undefined {
  if (!isRpcV2Cbor(head)) return undefined;
  const [, service, operation] = /\/service\/([^/]+)\/operation\/([^/]+)$/.exec(pathOf(head.target)) ?? [];
  return service === undefined || operation === undefined ? undefined : { service, operation };
}

/** The first of its name wins: two services may sign alike. */
const tableOf = (key: (info: ServiceInfo) => string | undefined): ReadonlyMap<string, ServiceName> => {
  const table = new Map<string, ServiceName>();
  for (const name of serviceNames) {
    const found = key(serviceInfo(name));
    if (found !== undefined && !table.has(found)) table.set(found, name);
  }
  return table;
};
const byTarget = tableOf(({ targetPrefix }) => targetPrefix);
const bySigningName = tableOf(({ signingName }) => signingName);

/** Where two services sign alike and have no targets, paths tell them apart. */
function bySigner(scope: string, head: RequestHead): ServiceName | undefined {
  const named = byPath(head);
  return named !== undefined && serviceInfo(named).signingName === scope ? named : bySigningName.get(scope);
}

function byPath(head: RequestHead): ServiceName | undefined {
  const first = pathOf(head.target).split('/')[1] ?? '';
  return serviceNames.find((name) => serviceInfo(name).pathPrefixes?.includes(first));
}

function byVersion(head: RequestHead, body: Uint8Array | undefined): ServiceName | undefined {
  const version = queryOf(head.target).get('Version') ?? formValue(body, 'Version');
  return serviceNames.find((name) => version !== undefined && serviceInfo(name).query?.version === version);
}

/** The links in SNS's messages name no version, as recorded. */
function byLink(head: RequestHead): ServiceName | undefined {
  const query = queryOf(head.target);
  const action = query.has('Version') ? null : query.get('Action');
  return action === 'ConfirmSubscription' || action === 'Unsubscribe' ? 'sns' : undefined;
}

const formValue = (body: Uint8Array | undefined, name: string): string | undefined =>
  body === undefined ? undefined : (new URLSearchParams(Buffer.from(body).toString('latin1')).get(name) ?? undefined);

function protocolOf(service: ServiceName, head: RequestHead): Protocol {
  const { protocols } = serviceInfo(service);
  if (isRpcV2Cbor(head) && protocols.includes('rpcV2Cbor')) return 'rpcV2Cbor';
  const contentType = head.headers['content-type'] ?? '';
  if (contentType.startsWith('application/x-amz-cbor-1.1') && protocols.includes('awsCbor1_1')) return 'awsCbor1_1';
  if (contentType.startsWith('application/x-amz-json-1.0') && protocols.includes('awsJson1_0')) return 'awsJson1_0';
  if (contentType.startsWith('application/x-amz-json-1.1') && protocols.includes('awsJson1_1')) return 'awsJson1_1';
  if (contentType.startsWith('application/x-www-form-urlencoded') && protocols.includes('query')) return 'query';
  return protocols[0];
}
