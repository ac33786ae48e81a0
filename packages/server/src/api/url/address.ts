import { pathPrefix } from './port.ts';

/** Which URL a request is for, and what the function sees of its target. */
export interface Addressed {
  readonly id: string;
  /** Path and query as the function is to see them. */
  readonly target: string;
  /** What was taken off the front of the path; empty for host-style addresses. */
  readonly prefix: string;
}

const hostStyle = /^([a-z0-9-]{1,64})\.lambda-url\.[a-z0-9-]+\./i;

/** `<id>.lambda-url.<region>.<anything>` or `/_mayfly/url/<id>/…`; undefined when a request is for neither. */
export function addressed(host: string | undefined, target: string): Addressed | undefined {
  const byHost = host === undefined ? null : hostStyle.exec(host);
  if (byHost !== null) return { id: (byHost[1] ?? '').toLowerCase(), target, prefix: '' };
  if (!target.startsWith(pathPrefix)) return undefined;
  const end = target.slice(pathPrefix.length).search(/[/?]/);
  const id = end === -1 ? target.slice(pathPrefix.length) : target.slice(pathPrefix.length, pathPrefix.length + end);
  const prefix = pathPrefix + id;
  const rest = target.slice(prefix.length);
  return { id, prefix, target: rest.startsWith('/') ? rest : `/${rest}` };
}
