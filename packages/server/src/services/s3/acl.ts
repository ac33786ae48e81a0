import type { S3Operations } from '@mayfly/wire';
import { fromDocument, ownerIdOf, toDocument, type BucketRecord } from './bucket.ts';
import { invalidArgument, invalidRequest, s3Fault } from './faults.ts';

/** An access list as it is kept: a word of S3's, or the grants themselves. Lists are kept and shown; nothing here asks them. */
export interface StoredAcl {
  readonly canned?: string;
  readonly grants?: unknown;
}

type Grants = NonNullable<S3Operations['GetBucketAcl']['output']['Grants']>;
type Grant = Grants[number];

const groups = 'http://acs.amazonaws.com/groups';
const allUsers = `${groups}/global/AllUsers`;
const authenticated = `${groups}/global/AuthenticatedUsers`;
const logDelivery = `${groups}/s3/LogDelivery`;

/** What a word grants besides everything to the owner. @source Amazon S3 User Guide, "Canned ACL", read 2026-11 */
const canned: Readonly<Record<string, readonly (readonly [group: string, permission: string])[]>> = {
  private: [],
  'public-read': [[allUsers, 'READ']],
  'public-read-write': [
    [allUsers, 'READ'],
    [allUsers, 'WRITE'],
  ],
  'aws-exec-read': [],
  'authenticated-read': [[authenticated, 'READ']],
  'bucket-owner-read': [],
  'bucket-owner-full-control': [],
  'log-delivery-write': [
    [logDelivery, 'WRITE'],
    [logDelivery, 'READ_ACP'],
  ],
};
const knownGroups: ReadonlySet<string> = new Set([allUsers, authenticated, logDelivery]);
const permissions: ReadonlySet<string> = new Set(['FULL_CONTROL', 'READ', 'READ_ACP', 'WRITE', 'WRITE_ACP']);

/** Headers that grant, with what they do. */
const headers = {
  GrantFullControl: ['x-amz-grant-full-control', 'FULL_CONTROL'],
  GrantRead: ['x-amz-grant-read', 'READ'],
  GrantReadACP: ['x-amz-grant-read-acp', 'READ_ACP'],
  GrantWrite: ['x-amz-grant-write', 'WRITE'],
  GrantWriteACP: ['x-amz-grant-write-acp', 'WRITE_ACP'],
} as const;

/** What a request may say of access, in a word, in headers, or in a document. */
export interface AclInput {
  readonly ACL?: string | undefined;
  readonly GrantFullControl?: string | undefined;
  readonly GrantRead?: string | undefined;
  readonly GrantReadACP?: string | undefined;
  readonly GrantWrite?: string | undefined;
  readonly GrantWriteACP?: string | undefined;
  readonly AccessControlPolicy?: S3Operations['PutBucketAcl']['input']['AccessControlPolicy'];
}

const malformed = (): Error =>
  s3Fault('MalformedACLError', 400, 'The XML you provided was not well-formed or did not validate against our published schema');
const isId = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

/**
 * The list that a request gives; undefined when it gives none.
 *
 * @throws InvalidArgument, InvalidRequest, MalformedACLError, UnexpectedContent
 */
export function givenAcl(input: AclInput): StoredAcl | undefined {
  const { ACL: word, AccessControlPolicy: policy } = input;
  const granting = Object.keys(headers).filter((name) => input[name as keyof typeof headers] !== undefined);
  if (word !== undefined && !Object.hasOwn(canned, word)) throw invalidArgument('', 'x-amz-acl', word);
  if (word !== undefined && granting.length > 0)
    throw invalidRequest('Specifying both Canned ACLs and Header Grants is not allowed');
  if ((word !== undefined || granting.length > 0) && policy !== undefined)
    throw s3Fault('UnexpectedContent', 400, 'This request does not support content');
  if (word !== undefined) return { canned: word };
  if (granting.length > 0) {
    return {
      grants: granting.flatMap((name) =>
        grantsOf(headers[name as keyof typeof headers], input[name as keyof typeof headers] ?? ''),
      ),
    };
  }
  if (policy === undefined) return undefined;
  checkPolicy(policy);
  return { grants: toDocument(policy.Grants ?? []) };
}

/** The same, of a request that is about nothing else. @throws MissingSecurityHeader */
export function requiredAcl(input: AclInput): StoredAcl {
  const acl = givenAcl(input);
  if (acl !== undefined) return acl;
  throw s3Fault('MissingSecurityHeader', 400, 'Your request was missing a required header', { MissingHeaderName: 'x-amz-acl' });
}

/** `id="…", uri="…"` */
function grantsOf([header, permission]: readonly [string, string], text: string): Grant[] {
  return text.split(',').map((piece): Grant => {
    const [, kind = '', value = ''] = /^\s*(\w+)\s*=\s*"?([^"]*)"?\s*$/.exec(piece) ?? [];
    const Permission = permission as 'READ';
    switch (kind.toLowerCase()) {
      case 'uri':
        if (!knownGroups.has(value)) throw invalidArgument('Invalid group uri', 'uri', value);
        return { Grantee: { URI: value, Type: 'Group' }, Permission };
      case 'id':
        if (!isId(value)) throw invalidArgument('Invalid id', 'id', value);
        return { Grantee: { ID: value, Type: 'CanonicalUser' }, Permission };
      case 'emailaddress':
        throw s3Fault(
          'UnresolvableGrantByEmailAddress',
          400,
          'The e-mail address you provided does not match any account on record.',
        );
      default:
        throw invalidArgument('Argument format not recognized', header, piece.trim());
    }
  });
}

function checkPolicy(policy: NonNullable<AclInput['AccessControlPolicy']>): void {
  const { Owner, Grants } = policy;
  if (Owner?.ID === undefined || Owner.ID === '' || Grants === undefined) throw malformed();
  if (!isId(Owner.ID)) throw invalidArgument('Invalid id', 'CanonicalUser/ID', Owner.ID);
  for (const { Grantee: grantee, Permission } of Grants) {
    if (grantee === undefined || !permissions.has(Permission ?? '')) throw malformed();
    switch (grantee.Type) {
      case 'CanonicalUser':
        if (grantee.ID === undefined) throw malformed();
        if (!isId(grantee.ID)) throw invalidArgument('Invalid id', 'CanonicalUser/ID', grantee.ID);
        break;
      case 'Group':
        if (grantee.URI === undefined) throw malformed();
        if (!knownGroups.has(grantee.URI)) throw invalidArgument('Invalid group uri', 'Group/URI', grantee.URI);
        break;
      case 'AmazonCustomerByEmail':
        if (grantee.EmailAddress === undefined) throw malformed();
        break;
      default:
        throw malformed();
    }
  }
}

/**
 * A bucket whose owner owns everything takes no other lists.
 *
 * @throws AccessControlListNotSupported
 */
export function checkAclAllowed(bucket: BucketRecord, acl: StoredAcl): void {
  const controls = bucket.documents['ownershipControls'] as
    | { readonly OwnershipControls?: { readonly Rules?: readonly { readonly ObjectOwnership?: string }[] } }
    | undefined;
  const enforced = controls?.OwnershipControls?.Rules?.[0]?.ObjectOwnership === 'BucketOwnerEnforced';
  if (enforced && acl.canned !== 'private' && acl.canned !== 'bucket-owner-full-control')
    throw s3Fault('AccessControlListNotSupported', 400, 'The bucket does not allow ACLs');
}

/** A list as it is shown: grants as they were given, or what the word means. */
export function shownAcl(account: string, stored: StoredAcl | undefined): S3Operations['GetBucketAcl']['output'] {
  const owner = ownerIdOf(account);
  if (stored?.grants !== undefined) return { Owner: owner, Grants: fromDocument(stored.grants) as Grants };
  return {
    Owner: owner,
    Grants: [
      { Grantee: { ...owner, Type: 'CanonicalUser' as const }, Permission: 'FULL_CONTROL' as const },
      ...(canned[stored?.canned ?? 'private'] ?? []).map(([URI, Permission]) => ({
        Grantee: { URI, Type: 'Group' as const },
        Permission: Permission as 'READ',
      })),
    ],
  };
}
