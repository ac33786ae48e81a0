import { ServiceFault } from '@mayfly/wire';
import { invalidParameter } from './faults.ts';

/** An app of a push service. Its credentials are checked for being there and not kept: nothing is pushed from here. */
export interface PlatformApplicationRecord {
  readonly arn: string;
  /** `platform/name` */
  readonly name: string;
  /** What is shown: everything but the credentials. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** A device or browser that an app knows. */
export interface EndpointRecord {
  /** Last segment of the ARN. */
  readonly id: string;
  readonly arn: string;
  readonly applicationArn: string;
  /** `Enabled`, `Token`, and `CustomUserData` where there is any. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** @source Amazon SNS API Reference, CreatePlatformApplication, read 2026-11 */
const platforms: ReadonlySet<string> = new Set([
  'ADM',
  'APNS',
  'APNS_SANDBOX',
  'APNS_VOIP',
  'APNS_VOIP_SANDBOX',
  'BAIDU',
  'GCM',
  'MACOS',
  'MACOS_SANDBOX',
  'MPNS',
  'WNS',
]);
/** Services whose apps have one secret and no name to go with it. */
const withoutPrincipal: ReadonlySet<string> = new Set(['GCM', 'MPNS']);

const credentials: ReadonlySet<string> = new Set(['PlatformCredential', 'PlatformPrincipal']);

/** @source Amazon SNS API Reference, SetPlatformApplicationAttributes, read 2026-11 */
const applicationAttributes: ReadonlySet<string> = new Set([
  ...credentials,
  'ApplePlatformBundleID',
  'ApplePlatformTeamID',
  'Enabled',
  'EventDeliveryFailure',
  'EventEndpointCreated',
  'EventEndpointDeleted',
  'EventEndpointUpdated',
  'FailureFeedbackRoleArn',
  'SuccessFeedbackRoleArn',
  'SuccessFeedbackSampleRate',
]);
const endpointAttributes: ReadonlySet<string> = new Set(['CustomUserData', 'Enabled', 'Token']);

const mostUserDataBytes = 2048;

export const applicationNotFound = (): ServiceFault =>
  new ServiceFault('NotFound', 'PlatformApplication does not exist', { status: 404 });
export const endpointNotFound = (): ServiceFault => new ServiceFault('NotFound', 'Endpoint does not exist', { status: 404 });

/** @throws InvalidParameter */
export function checkApplicationName(name: string): void {
  const reason =
    name === ''
      ? 'cannot be empty'
      : name.length > 256
        ? 'must be at most 256 characters long'
        : /^[A-Za-z0-9._-]+$/.test(name)
          ? undefined
          : "must contain only characters 'a'-'z', 'A'-'Z', '0'-'9', '_', '-', and '.'";
  if (reason !== undefined) throw invalidParameter(`${name} Reason: ${reason}`);
}

/** @throws InvalidParameter */
export function checkPlatform(platform: string): void {
  if (!platforms.has(platform)) throw invalidParameter(`Platform Reason: ${platform} is not supported`);
}

/** @throws InvalidParameter for names that are none, and for half a pair of credentials */
export function checkApplicationAttributes(platform: string, attributes: Readonly<Record<string, string>>): void {
  checkNames(attributes, applicationAttributes);
  const has = (name: string): boolean => (attributes[name] ?? '') !== '';
  if (withoutPrincipal.has(platform)) return;
  if (has('PlatformCredential') && !has('PlatformPrincipal'))
    throw invalidParameter('Attributes Reason: PlatformCredential attribute provided without PlatformPrincipal');
  if (has('PlatformPrincipal') && !has('PlatformCredential'))
    throw invalidParameter('Attributes Reason: PlatformPrincipal attribute provided without PlatformCredential');
}

/** What a new app has to bring. @throws InvalidParameter */
export function checkCredentials(platform: string, attributes: Readonly<Record<string, string>>): void {
  const wanted = withoutPrincipal.has(platform) ? ['PlatformCredential'] : ['PlatformPrincipal', 'PlatformCredential'];
  for (const name of wanted) {
    if ((attributes[name] ?? '') === '')
      throw invalidParameter(`Attributes Reason: Invalid value for attribute: ${name}: cannot be empty`);
  }
}

export const withoutCredentials = (attributes: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(attributes).filter(([name]) => !credentials.has(name)));

/** @throws InvalidParameter */
export function checkEndpointAttributes(attributes: Readonly<Record<string, string>>): void {
  checkNames(attributes, endpointAttributes);
  const invalid = (name: string, reason: string): ServiceFault =>
    invalidParameter(`Attributes Reason: Invalid value for attribute: ${name}: ${reason}`);
  if (Buffer.byteLength(attributes['CustomUserData'] ?? '') > mostUserDataBytes)
    throw invalid('CustomUserData', `must be at most ${mostUserDataBytes} bytes long in UTF-8 encoding`);
  if (!/^(true|false)$/i.test(attributes['Enabled'] ?? 'true')) throw invalid('Enabled', 'must be true or false');
  if (attributes['Token'] === '') throw invalid('Token', 'cannot be empty');
}

function checkNames(attributes: Readonly<Record<string, string>>, known: ReadonlySet<string>): void {
  const strange = Object.keys(attributes).find((name) => !known.has(name));
  if (strange !== undefined) throw invalidParameter(`Attributes Reason: Invalid attribute name: ${strange}`);
}

export const isEndpointArn = (arn: string): boolean => arn.split(':')[5]?.startsWith('endpoint/') === true;
/** `arn:aws:sns:…:endpoint/GCM/name/id` → `arn:aws:sns:…:app/GCM/name` */
export const applicationOf = (endpointArn: string): string =>
  endpointArn.slice(0, Math.max(0, endpointArn.lastIndexOf('/'))).replace(/:endpoint\//, ':app/');
