/** Offsets of a time zone, as the runtime's own tables have them. */
export interface Zone {
  readonly name: string;
  /** Local minus UTC, milliseconds, at a moment. */
  offsetMs(atMs: number): number;
}

const known = new Map<string, Zone>();
/** There are some six hundred; a caller can ask for them only by name. */
const mostKnown = 700;

/** @returns undefined for a name that is none */
export function zoneOf(name: string): Zone | undefined {
  let zone = known.get(name);
  if (zone === undefined) {
    zone = name === 'UTC' ? { name, offsetMs: () => 0 } : readZone(name);
    if (zone !== undefined && known.size < mostKnown) known.set(name, zone);
  }
  return zone;
}

function readZone(name: string): Zone | undefined {
  // Fixed offsets such as `+02:00` are names to the runtime, but not to AWS.
  if (!/^[A-Za-z]/.test(name)) return undefined;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    return undefined;
  }
  return {
    name,
    offsetMs(atMs) {
      const parts = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)])) as Record<
        string,
        number
      >;
      const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
      return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / 1000) * 1000;
    },
  };
}

/** The local clock's reading, written as if it were UTC. */
export const toLocal = (zone: Zone, atMs: number): number => atMs + zone.offsetMs(atMs);

/**
 * The first moment at which the local clock reads `localMs`; undefined when it never does, as in the hour that
 * spring takes away.
 */
export function fromLocal(zone: Zone, localMs: number): number | undefined {
  const day = 86_400_000;
  const offsets = new Set([zone.offsetMs(localMs - day), zone.offsetMs(localMs + day)]);
  const moments = [...offsets].map((offset) => localMs - offset).filter((atMs) => toLocal(zone, atMs) === localMs);
  return moments.length === 0 ? undefined : Math.min(...moments);
}
