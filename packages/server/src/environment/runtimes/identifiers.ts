/** When AWS ends what; days in UTC. @source spec 4.1 */
interface Dates {
  readonly deprecated: string;
  readonly createBlocked: string;
  readonly updateBlocked: string;
}

export interface ManagedIdentifier {
  readonly identifier: string;
  readonly family: 'nodejs' | 'python' | 'java' | 'ruby' | 'dotnet' | 'provided';
  /** Of the language, as far as it chooses the interpreter: `24`, `3.12`, `21`. */
  readonly language: string;
  readonly dates?: Dates;
}

/**
 * `deprecated`: no patches, everything still allowed. `createBlocked` and `updateBlocked`: those two are
 * refused. Invoking never is. @source spec 4.1-32
 */
export type SupportPhase = 'supported' | 'deprecated' | 'createBlocked' | 'updateBlocked';

const until = (deprecated: string, createBlocked: string, updateBlocked: string): Dates => ({
  deprecated,
  createBlocked,
  updateBlocked,
});
/** Most of those that are deprecated today have their blocks put off to the same days. */
const since = (deprecated: string): Dates => until(deprecated, '2027-02-01', '2027-03-03');
const longAgo = until('2023-01-01', '2023-06-01', '2023-09-01');

const row = (identifier: string, family: ManagedIdentifier['family'], language: string, dates?: Dates): ManagedIdentifier => ({
  identifier,
  family,
  language,
  ...(dates && { dates }),
});

/** Newest first in each family. @source spec 4.1-01 to 4.1-31 */
export const managedIdentifiers: readonly ManagedIdentifier[] = [
  row('nodejs26.x', 'nodejs', '26'),
  row('nodejs24.x', 'nodejs', '24', until('2028-04-30', '2028-06-01', '2028-07-01')),
  row('nodejs22.x', 'nodejs', '22', until('2027-04-30', '2027-06-01', '2027-07-01')),
  row('nodejs20.x', 'nodejs', '20', since('2026-04-30')),
  row('nodejs18.x', 'nodejs', '18', since('2025-09-01')),
  row('nodejs16.x', 'nodejs', '16', since('2024-06-12')),
  row('nodejs14.x', 'nodejs', '14', until('2023-12-04', '2024-01-09', '2027-03-03')),
  ...['nodejs12.x', 'nodejs10.x', 'nodejs8.10', 'nodejs6.10', 'nodejs4.3', 'nodejs4.3-edge', 'nodejs'].map((name) =>
    row(name, 'nodejs', /\d+/.exec(name)?.[0] ?? '0', longAgo),
  ),
  row('python3.15', 'python', '3.15'),
  row('python3.14', 'python', '3.14'),
  row('python3.13', 'python', '3.13', until('2029-06-30', '2029-07-31', '2029-08-31')),
  row('python3.12', 'python', '3.12', until('2028-10-31', '2028-11-30', '2029-01-10')),
  row('python3.11', 'python', '3.11', until('2027-06-30', '2027-07-31', '2027-08-31')),
  row('python3.10', 'python', '3.10', since('2026-10-31')),
  row('python3.9', 'python', '3.9', since('2025-12-15')),
  row('python3.8', 'python', '3.8', since('2024-10-14')),
  row('python3.7', 'python', '3.7', until('2023-12-04', '2024-01-09', '2027-03-03')),
  row('python3.6', 'python', '3.6', longAgo),
  row('python2.7', 'python', '2.7', longAgo),
  row('java25', 'java', '25'),
  row('java21', 'java', '21'),
  row('java17.al2023', 'java', '17'),
  row('java17', 'java', '17', until('2027-06-30', '2027-07-31', '2027-08-31')),
  row('java11.al2023', 'java', '11'),
  row('java11', 'java', '11', until('2027-06-30', '2027-07-31', '2027-08-31')),
  row('java8.al2023', 'java', '8'),
  row('java8.al2', 'java', '8', until('2027-06-30', '2027-07-31', '2027-08-31')),
  row('java8', 'java', '8', until('2024-01-08', '2024-02-08', '2027-03-03')),
  row('dotnet10', 'dotnet', '10', until('2028-11-14', '2028-12-14', '2029-01-15')),
  row('dotnet8', 'dotnet', '8', since('2026-11-10')),
  row('dotnet6', 'dotnet', '6', since('2024-12-20')),
  ...['dotnetcore3.1', 'dotnetcore2.1', 'dotnetcore2.0', 'dotnetcore1.0'].map((name) =>
    row(name, 'dotnet', name.slice(10), longAgo),
  ),
  row('ruby4.0', 'ruby', '4.0', until('2029-03-31', '2029-04-30', '2029-05-31')),
  row('ruby3.4', 'ruby', '3.4', until('2028-03-31', '2028-04-30', '2028-05-31')),
  row('ruby3.3', 'ruby', '3.3', until('2027-03-31', '2027-04-30', '2027-05-31')),
  row('ruby3.2', 'ruby', '3.2', since('2026-03-31')),
  row('ruby2.7', 'ruby', '2.7', until('2023-12-07', '2024-01-09', '2027-03-03')),
  row('ruby2.5', 'ruby', '2.5', longAgo),
  row('provided.al2023', 'provided', '', until('2029-06-30', '2029-07-31', '2029-08-31')),
  row('provided.al2', 'provided', '', since('2026-07-31')),
  row('provided', 'provided', '', until('2024-01-08', '2024-02-08', '2027-03-03')),
  row('go1.x', 'provided', '', until('2024-01-08', '2024-02-08', '2027-03-03')),
];

const byName = new Map(managedIdentifiers.map((known) => [known.identifier, known]));

/** Where an identifier stands on a day. `undefined`: AWS never had it. */
export function supportPhase(identifier: string, nowMs: number): SupportPhase | undefined {
  const known = byName.get(identifier);
  if (known === undefined) return undefined;
  if (known.dates === undefined) return 'supported';
  const day = new Date(nowMs).toISOString().slice(0, 10);
  const { deprecated, createBlocked, updateBlocked } = known.dates;
  if (day >= updateBlocked) return 'updateBlocked';
  if (day >= createBlocked) return 'createBlocked';
  return day >= deprecated ? 'deprecated' : 'supported';
}

/** What CreateFunction and UpdateFunctionConfiguration answer for a blocked one. @source spec 4.1-33 */
export const blockedMessage = (identifier: string): string =>
  `The runtime parameter of ${identifier} is no longer supported for creating or updating AWS Lambda functions. ` +
  'We recommend you use a supported runtime while creating or updating functions.';
