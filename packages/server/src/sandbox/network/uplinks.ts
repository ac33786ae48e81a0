import { readFileSync } from 'node:fs';
import { contains, reservedBy } from './ranges.ts';

interface HostRoute {
  readonly name: string;
  readonly to: string;
}

const everywhere = '0.0.0.0/0';

/** The host's interfaces that its default routes go through, and those that lead to these ranges. */
export function interfacesTo(ranges: readonly string[]): string[] {
  const routes = hostRoutes();
  const found = [
    ...routes.filter(({ to }) => to === everywhere),
    ...ranges.filter((range) => range !== everywhere).flatMap((range) => routesTo(range, routes)),
  ];
  return [...new Set(found.map(({ name }) => name))];
}

/** The narrowest around the range, and all in it; but who names public addresses does not mean private ones among them. */
function routesTo(range: string, routes: readonly HostRoute[]): HostRoute[] {
  const around = routes.filter(({ to }) => contains(to, range)).sort((left, right) => bitsOf(right) - bitsOf(left));
  const within = routes.filter(({ to }) => contains(range, to) && reservedBy(to) === reservedBy(range));
  return [...around.slice(0, 1), ...within];
}

function hostRoutes(): HostRoute[] {
  return readFileSync('/proc/net/route', 'utf8')
    .split('\n')
    .slice(1)
    .map((row) => row.split('\t'))
    .filter((words) => words.length > 7)
    .map(([name = '', destination = '', , , , , , mask = '']) => ({ name, to: `${addressOf(destination)}/${onesOf(mask)}` }));
}

const bitsOf = ({ to }: HostRoute): number => Number(to.split('/')[1]);

/** The kernel writes its addresses as little-endian numbers. */
const addressOf = (hex: string): string => [...Buffer.from(hex, 'hex')].reverse().join('.');
const onesOf = (hex: string): number => Number.parseInt(hex, 16).toString(2).replaceAll('0', '').length;
