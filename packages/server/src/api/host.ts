import { isIP } from 'node:net';

/** Names that AWS's own clients put into Host when they are pointed here by other means. */
const ofAws = ['.amazonaws.com', '.amazonaws.com.cn', '.on.aws', '.api.aws'];

/**
 * Whether a request meant this server. A web page can point a name of its own at the loopback address
 * and then speak to us with its own origin; the name in Host is what gives it away. Addresses, names
 * without a dot, `localhost` and AWS's own cannot belong to such a page.
 *
 * @param host  the Host header, perhaps with a port
 * @param names  further names under which the operator serves
 */
export function meansUs(host: string | undefined, names: readonly string[]): boolean {
  if (host === undefined) return true;
  const name = host
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
  if (isIP(name) !== 0 || !name.includes('.') || name.endsWith('.localhost')) return true;
  if (ofAws.some((suffix) => name.endsWith(suffix))) return true;
  return names.some((each) => name === each || name.endsWith(`.${each}`));
}
