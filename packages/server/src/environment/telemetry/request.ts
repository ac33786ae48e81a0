import type { Buffering, Destination, Kind } from './subscription.ts';

/** What an extension asks for, checked. */
export interface SubscriptionRequest {
  readonly destination: Destination;
  readonly types: ReadonlySet<Kind>;
  readonly buffering: Buffering;
  readonly schemaVersion: string;
}

export type Api = 'telemetry' | 'logs';

/** @source spec 3.5-01, 3.5-07 */
const schemaVersions: Readonly<Record<Api, readonly string[]>> = {
  telemetry: ['2022-07-01', '2022-12-13', '2025-01-29'],
  logs: ['2020-08-15', '2021-03-18'],
};
const kinds: readonly Kind[] = ['platform', 'function', 'extension'];

/** @source spec 3.5-04 */
const bounds = {
  maxItems: { least: 1000, most: 10_000, usual: 10_000 },
  maxBytes: { least: 262_144, most: 1_048_576, usual: 262_144 },
  timeoutMs: { least: 25, most: 30_000, usual: 1000 },
} as const;

/** Ports of ours; a record sent there would come back to us. @source spec 3.5-03 */
const taken: ReadonlySet<number> = new Set([9001, 4566]);

/** @returns the request, or everything that is wrong with it in one text */
export function parseSubscription(api: Api, bytes: Buffer): SubscriptionRequest | string {
  const faults: string[] = [];
  const body = objectOf(parsed(bytes));
  if (body === undefined) return 'request body is not a JSON object';
  const schemaVersion = body['schemaVersion'] ?? schemaVersions[api].at(0);
  if (typeof schemaVersion !== 'string' || !schemaVersions[api].includes(schemaVersion)) {
    faults.push(`schemaVersion should be one of: ${schemaVersions[api].join(', ')}`);
  }
  const destination = destinationOf(objectOf(body['destination']) ?? {}, faults);
  const { types } = body;
  if (!Array.isArray(types) || types.length === 0) faults.push('types should not be empty');
  else if (!types.every((type) => kinds.includes(type as Kind))) faults.push(`types should be of: ${kinds.join(', ')}`);
  const buffering = bufferingOf(objectOf(body['buffering']) ?? {}, faults);
  if (faults.length > 0 || destination === undefined) return faults.join('; ');
  return { destination, types: new Set(types as Kind[]), buffering, schemaVersion: String(schemaVersion) };
}

function destinationOf(told: Readonly<Record<string, unknown>>, faults: string[]): Destination | undefined {
  const { protocol } = told;
  if (protocol === 'TCP') {
    const port = told['port'];
    if (typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536 && !taken.has(port))
      return { protocol, port };
    faults.push('port is not valid');
    return undefined;
  }
  if (protocol !== 'HTTP') {
    faults.push('protocol should be HTTP or TCP');
    return undefined;
  }
  if (told['method'] !== undefined && told['method'] !== 'POST' && told['method'] !== 'PUT')
    faults.push('method should be POST or PUT');
  const uri = told['URI'];
  const url = typeof uri === 'string' && URL.canParse(uri) ? new URL(uri) : undefined;
  if (url === undefined || url.protocol !== 'http:') {
    faults.push('URI is not valid');
    return undefined;
  }
  if (url.hostname !== 'sandbox.localdomain' && url.hostname !== 'sandbox') faults.push('URI host should be sandbox.localdomain');
  if (url.port === '') faults.push('URI port is not provided');
  else if (taken.has(Number(url.port))) faults.push(`URI port ${url.port} is not allowed`);
  return { protocol, port: Number(url.port), path: url.pathname + url.search, method: told['method'] === 'PUT' ? 'PUT' : 'POST' };
}

function bufferingOf(told: Readonly<Record<string, unknown>>, faults: string[]): Buffering {
  const value = (name: keyof typeof bounds): number => {
    const { least, most, usual } = bounds[name];
    const given = told[name] ?? usual;
    if (typeof given === 'number' && Number.isInteger(given) && given >= least && given <= most) return given;
    faults.push(`${name} should be between ${least} and ${most}`);
    return usual;
  };
  return { maxItems: value('maxItems'), maxBytes: value('maxBytes'), timeoutMs: value('timeoutMs') };
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

const objectOf = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : undefined;
