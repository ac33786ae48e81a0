import type { DomainTarget } from '../../services/index.ts';

/** Which API a request is for, and what of its target is the API's. */
export interface GatewayAddress {
  readonly apiId: string;
  /** Said by a domain name's mapping; otherwise the path says it. */
  readonly stage?: string;
  /** Path and query behind everything that only leads here. */
  readonly target: string;
  /** What was taken off the front of the path. */
  readonly prefix: string;
  /** By a domain name of the owner's. */
  readonly own?: true;
}

/** Whether it was the name in `Host` that led there, and no path below ours. */
export const isByName = (address: GatewayAddress | 'nowhere'): boolean =>
  address === 'nowhere' || address.own === true || address.prefix === '';

/** Path-style addresses begin with this and the id: they work where names below the host do not resolve. */
export const gatewayPrefix = '/_mayfly/api/';

const hostStyle = /^([a-z0-9]{1,64})\.execute-api\.[a-z0-9-]+\./i;

/** `<id>.execute-api.<region>.<anything>` or `/_mayfly/api/<id>/…`; undefined when a request is for neither. */
export function gatewayAddress(host: string | undefined, target: string): GatewayAddress | undefined {
  const byHost = host === undefined ? null : hostStyle.exec(host);
  if (byHost !== null) return { apiId: (byHost[1] ?? '').toLowerCase(), target: rooted(target), prefix: '' };
  if (!target.startsWith(gatewayPrefix)) return undefined;
  const rest = target.slice(gatewayPrefix.length);
  const end = rest.search(/[/?]/);
  const apiId = end === -1 ? rest : rest.slice(0, end);
  return { apiId, prefix: gatewayPrefix + apiId, target: rooted(end === -1 ? '' : rest.slice(end)) };
}

/** Where a domain name leads: the mapping with the longest key that begins the path. `nowhere` when none does. */
export function domainAddress(mappings: readonly DomainTarget[], target: string): GatewayAddress | 'nowhere' {
  const path = target.split('?')[0] ?? '';
  const [best] = mappings
    .filter(({ key }) => key === '' || path === `/${key}` || path.startsWith(`/${key}/`))
    .toSorted((a, b) => b.key.length - a.key.length);
  if (best === undefined) return 'nowhere';
  const prefix = best.key === '' ? '' : `/${best.key}`;
  return { apiId: best.apiId, stage: best.stage, prefix, target: rooted(target.slice(prefix.length)), own: true };
}

const rooted = (target: string): string => (target.startsWith('/') ? target : `/${target}`);
