import { ServiceFault, type Call, type Handlers, type StsOperations } from '@mayfly/wire';
import type { Clock } from '../../base/index.ts';
import { roleOf, sessionOfRole, type Keys, type Session, type TemporaryCredentials } from '../keys/index.ts';
import { accountOfKey } from '../kit/index.ts';
import { readClaims } from './web-identity.ts';

/** What STS must know of a role. */
export interface AssumableRole {
  readonly roleId: string;
  /** Seconds. */
  readonly maxSessionS: number;
}

export interface StsOptions {
  readonly keys: Keys;
  readonly clock: Clock;
  /** Roles that exist; absent = none are known. */
  readonly role?: (arn: string) => AssumableRole | undefined;
  /**
   * Decides whether the caller may assume the role; absent with signatures unchecked, where any role can
   * be assumed, existing or not.
   */
  readonly mayAssume?: (call: Call, action: string, roleArn: string, input: { readonly externalId?: string }) => boolean;
}

export type StsHandlers = Partial<Handlers<StsOperations>>;

const fault = (code: string, message: string, status = 400): ServiceFault => new ServiceFault(code, message, { status });
const hourS = 3_600;

export function stsHandlers(options: StsOptions) {
  const { keys, clock } = options;

  /** The role, as far as it is known, and the session's length. @throws ValidationError, AccessDenied */
  const assumable = (
    call: Call,
    action: string,
    roleArn: string,
    durationS: number,
    externalId?: string,
  ): AssumableRole | undefined => {
    if (roleOf(roleArn) === undefined) throw fault('ValidationError', `${roleArn} is invalid`);
    const role = options.role?.(roleArn);
    if (
      options.mayAssume !== undefined &&
      (role === undefined || !options.mayAssume(call, action, roleArn, externalId === undefined ? {} : { externalId }))
    ) {
      throw fault('AccessDenied', `User: ${arnOf(call)} is not authorized to perform: ${action} on resource: ${roleArn}`, 403);
    }
    if (role !== undefined && durationS > role.maxSessionS) {
      throw fault('ValidationError', 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
    }
    return role;
  };

  const assume = (roleArn: string, sessionName: string, durationS: number, role: AssumableRole | undefined, limits: Limits) => {
    const who = sessionOfRole(roleArn, sessionName, role?.roleId);
    return {
      Credentials: shown(keys.issue({ ...who, ...limits }, durationS * 1000)),
      AssumedRoleUser: { AssumedRoleId: who.userId, Arn: who.arn },
    };
  };

  const callingSession = ({ caller, headers }: Call): Session | undefined => {
    if (caller.kind !== 'signed') return undefined;
    const token = caller.sessionToken ?? headers['x-amz-security-token'];
    return token === undefined ? undefined : keys.session(caller.accessKeyId, token);
  };

  return {
    async GetCallerIdentity(_input, call) {
      const { caller } = call;
      if (caller.kind === 'anonymous') return { UserId: call.account, Account: call.account, Arn: arnOf(call) };
      return { UserId: caller.userId, Account: caller.account, Arn: caller.arn };
    },

    async AssumeRole(input, call) {
      const {
        RoleArn: roleArn = '',
        RoleSessionName: name = '',
        DurationSeconds: durationS = hourS,
        ExternalId: externalId,
      } = input;
      const role = assumable(call, 'sts:AssumeRole', roleArn, durationS, externalId);
      if (durationS > hourS && arnOf(call).includes(':assumed-role/')) {
        throw fault(
          'ValidationError',
          'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
        );
      }
      const limits = { ...limitsOf(input), ...passedOn(input, callingSession(call)) };
      const packed = packedSize(limits);
      return { ...assume(roleArn, name, durationS, role, limits), ...(packed === undefined ? {} : { PackedPolicySize: packed }) };
    },

    async AssumeRoleWithWebIdentity(input, call) {
      const { RoleArn: roleArn = '', RoleSessionName: name = '', DurationSeconds: durationS = hourS } = input;
      const claims = readClaims(input.WebIdentityToken ?? '');
      if (claims === undefined)
        throw fault(
          'InvalidIdentityToken',
          'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
        );
      if (claims.expiresAtMs !== undefined && claims.expiresAtMs <= clock.now())
        throw fault('ExpiredTokenException', 'Token expired');
      // Without the issuer's keys a token proves nothing, so where proof is asked for it gets nobody in.
      if (options.mayAssume !== undefined)
        throw fault('InvalidIdentityToken', `No OpenIDConnect provider found in your account for ${claims.issuer}`);
      const role = assumable(call, 'sts:AssumeRoleWithWebIdentity', roleArn, durationS);
      return {
        ...assume(roleArn, name, durationS, role, limitsOf(input)),
        SubjectFromWebIdentityToken: claims.subject,
        Audience: claims.audience,
        Provider: claims.issuer,
      };
    },

    async GetSessionToken(input, call) {
      const root = arnOf(call).endsWith(':root');
      if (arnOf(call).includes(':assumed-role/'))
        throw fault('AccessDenied', 'Cannot call GetSessionToken with session credentials', 403);
      const durationS = Math.min(input.DurationSeconds ?? 12 * hourS, root ? hourS : Infinity);
      return { Credentials: shown(keys.issue(principalOf(call), durationS * 1000)) };
    },

    async GetFederationToken(input, call) {
      if (arnOf(call).includes(':assumed-role/'))
        throw fault('AccessDenied', 'Cannot call GetFederationToken with session credentials', 403);
      const limits = limitsOf(input);
      const arn = `arn:aws:sts::${call.account}:federated-user/${input.Name}`;
      const userId = `${call.account}:${input.Name}`;
      return {
        Credentials: shown(
          keys.issue({ account: call.account, arn, userId, ...limits }, (input.DurationSeconds ?? 12 * hourS) * 1000),
        ),
        FederatedUser: { FederatedUserId: userId, Arn: arn },
        PackedPolicySize: packedSize(limits) ?? 0,
      };
    },

    async GetAccessKeyInfo(input) {
      const account = accountOfKey(input.AccessKeyId ?? '');
      if (account === undefined) throw fault('ValidationError', `Invalid access key id: ${input.AccessKeyId}`);
      return { Account: account };
    },
  } satisfies StsHandlers;
}

type Limits = Pick<Session, 'policies' | 'policyArns' | 'tags' | 'transitiveTags'>;
type TagList = readonly { readonly Key: string | undefined; readonly Value: string | undefined }[];

function limitsOf(input: {
  readonly Policy?: string | undefined;
  readonly PolicyArns?: readonly { readonly arn?: string | undefined }[] | undefined;
  readonly Tags?: TagList | undefined;
}): Limits {
  const arns = (input.PolicyArns ?? []).flatMap(({ arn }) => (arn === undefined ? [] : [arn]));
  if (input.Policy !== undefined && !isDocument(input.Policy))
    throw fault('MalformedPolicyDocument', 'This policy contains invalid Json');
  return {
    ...(input.Policy === undefined ? {} : { policies: [input.Policy] }),
    ...(arns.length === 0 ? {} : { policyArns: arns }),
    ...(input.Tags === undefined || input.Tags.length === 0
      ? {}
      : { tags: Object.fromEntries(input.Tags.map(({ Key, Value }) => [Key ?? '', Value ?? ''])) }),
  };
}

/**
 * Tags of a session that another one makes: those that are to go on do, and cannot be overridden. Keys are the same in
 * capitals or not.
 *
 * @throws InvalidParameterValue
 * @source IAM User Guide, "Pass session tags in AWS STS", read 2026-11
 */
function passedOn(
  {
    Tags = [],
    TransitiveTagKeys = [],
  }: { readonly Tags?: TagList | undefined; readonly TransitiveTagKeys?: readonly string[] | undefined },
  calling: Session | undefined,
): Limits {
  const invalid = (message: string): ServiceFault => fault('InvalidParameterValue', message);
  const given = new Set(Tags.map(({ Key = '' }) => Key.toLowerCase()));
  if (given.size !== Tags.length) throw invalid('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  if (TransitiveTagKeys.some((key) => !given.has(key.toLowerCase())))
    throw invalid('The specified transitive tag key must be included in the requested tags.');
  const inherited = calling?.transitiveTags ?? [];
  if (inherited.some((key) => given.has(key.toLowerCase()))) {
    throw invalid(
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    );
  }
  const tags = {
    ...Object.fromEntries(inherited.map((key) => [key, calling?.tags?.[key] ?? ''])),
    ...Object.fromEntries(Tags.map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
  };
  const transitiveTags = [...inherited, ...TransitiveTagKeys];
  return {
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
    ...(transitiveTags.length === 0 ? {} : { transitiveTags }),
  };
}

/** Per cent of what policies and tags of a session may take. */
function packedSize(limits: Limits): number | undefined {
  if (Object.keys(limits).length === 0) return undefined;
  return Math.min(100, Math.ceil(JSON.stringify(limits).length / 41));
}

const isDocument = (text: string): boolean => {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
};

const shown = (credentials: TemporaryCredentials) => ({
  AccessKeyId: credentials.accessKeyId,
  SecretAccessKey: credentials.secretAccessKey,
  SessionToken: credentials.sessionToken,
  Expiration: new Date(credentials.expiresAtMs),
});

const arnOf = (call: Call): string => (call.caller.kind === 'signed' ? call.caller.arn : `arn:aws:iam::${call.account}:root`);

const principalOf = (call: Call) => ({
  account: call.account,
  arn: arnOf(call),
  userId: call.caller.kind === 'signed' ? call.caller.userId : call.account,
});
