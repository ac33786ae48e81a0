import { canonicalRequest, stringToSign } from './canonical.ts';
import { momentOf, readClaim, type Claim } from './claim.ts';
import { ServiceFault } from './fault.ts';
import { queryOf, type RequestHead } from './request.ts';

/** What a signed link cannot be without, by the version of its signature. */
const parametersV4 = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Signature',
  'X-Amz-Date',
  'X-Amz-SignedHeaders',
  'X-Amz-Expires',
];
const parametersV2 = ['Signature', 'Expires', 'AWSAccessKeyId'];
/** Of the link itself, and no header of the request. */
const ofLink = new Set([...parametersV4, 'X-Amz-Security-Token', 'X-Amz-Content-Sha256'].map((name) => name.toLowerCase()));

const denied = (message: string, members: Readonly<Record<string, string>> = {}): ServiceFault =>
  new ServiceFault('AccessDenied', message, { status: 403, members });
const malformed = (message: string): ServiceFault =>
  new ServiceFault('AuthorizationQueryParametersError', message, { status: 400 });

const inHex = (text: string): string => (Buffer.from(text).toString('hex').match(/../g) ?? []).join(' ');

/** A signature that is not of this request: what it should have been taken over is told. */
export function mismatchOfS3(claim: Claim, canonical: string): ServiceFault {
  const text = stringToSign(claim, canonical);
  return new ServiceFault(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    {
      status: 403,
      members: {
        AWSAccessKeyId: claim.accessKeyId,
        StringToSign: text,
        SignatureProvided: claim.signature,
        StringToSignBytes: inHex(text),
        CanonicalRequest: canonical,
        CanonicalRequestBytes: inHex(canonical),
      },
    },
  );
}

/**
 * Refuses a signed link of S3 for what needs no secret to be seen: half of a signature, a time that is over, headers
 * that it does not cover.
 *
 * @throws AuthorizationQueryParametersError, AccessDenied, SignatureDoesNotMatch; recorded in 2026
 */
export function checkLink(head: RequestHead, nowMs: number): void {
  if (!head.target.includes('?') || head.headers['authorization'] !== undefined) return;
  const query = queryOf(head.target);
  if (['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature'].some((name) => query.has(name))) {
    checkV4(head, query, nowMs);
  } else if (['Signature', 'AWSAccessKeyId'].some((name) => query.has(name))) {
    if (parametersV2.some((name) => !query.has(name)))
      throw denied('Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters');
    checkTime(Number(query.get('Expires')) * 1000, nowMs);
  }
}

function checkV4(head: RequestHead, query: URLSearchParams, nowMs: number): void {
  if (parametersV4.some((name) => !query.get(name))) {
    throw malformed(
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    );
  }
  const life = query.get('X-Amz-Expires') ?? '';
  if (!/^-?\d+$/.test(life)) throw malformed('X-Amz-Expires should be a number');
  if (Number(life) < 0) throw malformed('X-Amz-Expires must be non-negative');
  if (Number(life) > 604_800)
    throw malformed(
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
    );
  const claim = readClaim(head, query);
  checkTime(momentOf(claim.timestamp) + Number(life) * 1000, nowMs, { 'X-Amz-Expires': life });
  const unsigned = Object.keys(head.headers).filter(
    (name) => name.startsWith('x-amz-') && name !== 'x-amz-content-sha256' && !claim.signedHeaders.includes(name),
  );
  if (unsigned.length > 0)
    throw denied('There were headers present in the request which were not signed', { HeadersNotSigned: unsigned.join(', ') });
  if (claim.signedHeaders.some((name) => head.headers[name] === undefined))
    throw mismatchOfS3(claim, canonicalRequest(claim, head, query, 'UNSIGNED-PAYLOAD'));
}

function checkTime(endMs: number, nowMs: number, members: Readonly<Record<string, string>> = {}): void {
  if (!(endMs < nowMs)) return;
  const iso = (atMs: number): string => new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
  throw denied('Request has expired', { ...members, Expires: iso(endMs), ServerTime: iso(nowMs) });
}

/** What a signed link asks for as headers do: `x-amz-meta-…` and their like in its query. */
export function withLinkHeaders(head: RequestHead): RequestHead {
  if (!/[?&]x-amz-/i.test(head.target) || !/[?&](X-Amz-Signature|Signature)=/.test(head.target)) return head;
  const asked: Record<string, string> = {};
  for (const [name, value] of queryOf(head.target)) {
    const header = name.toLowerCase();
    if (header.startsWith('x-amz-') && !ofLink.has(header) && head.headers[header] === undefined) asked[header] = value;
  }
  return Object.keys(asked).length === 0 ? head : { ...head, headers: { ...head.headers, ...asked } };
}
