import { readCredentialScope, signerV2, type Caller, type ChunkSigner, type RequestHead } from '@mayfly/wire';

export interface KnownCaller {
  readonly accessKeyId: string;
  readonly account: string;
  readonly arn: string;
  readonly userId: string;
}

/** A caller whose signature was checked. */
export interface VerifiedCaller extends KnownCaller {
  /** Of short-lived credentials. */
  readonly sessionToken?: string;
  /** When the pieces of the body are signed too. */
  readonly chunks?: ChunkSigner;
}

/** Verifies signatures; `--auth strict`. */
export interface SignatureCheck {
  /** @throws ServiceFault of spec 0.1-11 */
  verify(head: RequestHead, bodySha256: string, signingName?: string): Promise<VerifiedCaller>;
}

/** Knows whose an access key is, without looking at the signature: role credentials name their account. */
export interface CallerSource {
  find(accessKeyId: string, sessionToken: string | undefined): KnownCaller | undefined;
}

export interface Identified {
  readonly caller: Caller;
  readonly account: string;
  readonly region: string;
  readonly chunks?: ChunkSigner;
}

const defaultAccount = '000000000000';

/** Who calls when signatures are not checked: the key's owner, or the account that the key id names. */
export function openCaller(head: RequestHead, region: string, source: CallerSource | undefined): Identified {
  const scope = readCredentialScope(head);
  const accessKeyId = scope?.accessKeyId ?? signerV2(head);
  if (accessKeyId === undefined) return { caller: { kind: 'anonymous' }, account: defaultAccount, region };
  const known = source?.find(accessKeyId, head.headers['x-amz-security-token']);
  const account = known?.account ?? (/^\d{12}$/.test(accessKeyId) ? accessKeyId : defaultAccount);
  return {
    caller: {
      kind: 'signed',
      accessKeyId,
      account,
      arn: known?.arn ?? `arn:aws:iam::${account}:root`,
      userId: known?.userId ?? account,
    },
    account,
    region: regionOf(scope?.region, region),
  };
}

/**
 * Who calls when they are.
 *
 * @param options.unsigned  somebody decides about callers, so one who did not even try to sign may ask: pages in public buckets
 * @throws what the check throws
 */
export async function strictCaller(
  head: RequestHead,
  sha256: string,
  region: string,
  check: SignatureCheck,
  options: { readonly unsigned?: boolean; readonly signingName?: string } = {},
): Promise<Identified> {
  if (options.unsigned === true && !claimsToBeSigned(head))
    return { caller: { kind: 'anonymous' }, account: defaultAccount, region };
  const { chunks, ...known } = await check.verify(head, sha256, options.signingName);
  return {
    caller: { kind: 'signed', ...known },
    ...(chunks === undefined ? {} : { chunks }),
    account: known.account,
    region: regionOf(readCredentialScope(head)?.region, region),
  };
}

const claimsToBeSigned = (head: RequestHead): boolean =>
  head.headers['authorization'] !== undefined || /[?&]x-amz-(signature|credential|algorithm|security-token)=/i.test(head.target);

/** Regions become parts of ARNs and of folder names, so nothing else is let through. */
const regionOf = (claimed: string | undefined, fallback: string): string =>
  claimed !== undefined && /^[a-z]{2,4}(-[a-z]+){1,3}-\d{1,2}$/.test(claimed) ? claimed : fallback;
