import { createHash, createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { ChunkSigner } from './aws-chunked.ts';
import { canonicalRequest, stringToSign } from './canonical.ts';
import { basicTime, momentOf, readClaim, type Claim } from './claim.ts';
import { ServiceFault } from './fault.ts';
import { identify } from './identify.ts';
import { queryOf, type RequestHead } from './request.ts';
import { mismatchOfS3 } from './s3-link.ts';
import { serviceInfo, serviceNames, type ServiceInfo } from './services.ts';

export interface KeyRecord {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Present on short-lived credentials: the request must carry exactly this token. */
  readonly sessionToken?: string;
  readonly account: string;
  readonly arn: string;
  readonly userId: string;
  readonly expiresAtMs?: number;
}

export interface KeySource {
  /**
   * Asked on every request, so a removed key stops at once. The token is the caller's claim, for
   * sources whose tokens carry the credentials; what is returned is compared with it again.
   */
  find(accessKeyId: string, sessionToken?: string): KeyRecord | undefined;
}

export interface VerifiedSignature {
  readonly accessKeyId: string;
  readonly account: string;
  readonly arn: string;
  readonly userId: string;
  /** Of short-lived credentials; wherever in the request it stood. */
  readonly sessionToken?: string;
  /** For S3 bodies whose pieces are signed one by one. */
  readonly chunks?: ChunkSigner;
}

/** What stands for the body's hash in an S3 signature when the body itself is not hashed. */
const unhashed = /^(UNSIGNED-PAYLOAD|STREAMING-[A-Z0-9-]+)$/;

/**
 * What an S3 request says of its body's hash, before the body is read: it may leave it open, and a presigned URL does.
 * Undefined = the hash of the body, which is to be computed.
 */
export function claimedBodyHash(head: RequestHead): string | undefined {
  const claimed = head.headers['x-amz-content-sha256'] ?? queryOf(head.target).get('X-Amz-Content-Sha256');
  if (claimed !== undefined && claimed !== null) return claimed;
  return head.headers['authorization'] === undefined ? 'UNSIGNED-PAYLOAD' : undefined;
}

/** Whether the claim says that nobody hashed the body. */
export const isUnhashed = (claimed: string | undefined): boolean => claimed !== undefined && unhashed.test(claimed);

export interface SignatureVerifierOptions {
  readonly keys: KeySource;
  /** Milliseconds since the epoch. */
  readonly clock: { now(): number };
  /** Signing keys kept; one per access key, day, region and service. */
  readonly cacheSize?: number;
}

interface DayKey {
  readonly secret: string;
  readonly key: KeyObject;
}

/**
 * Verifies SigV4 signatures of headers and of presigned URLs.
 *
 * @source spec 0.1-11
 */
export class SignatureVerifier {
  readonly #keys: KeySource;
  readonly #clock: { now(): number };
  readonly #cacheSize: number;
  /** Oldest first. Only keys that verified a request get in, so strangers cannot push others out. */
  readonly #dayKeys = new Map<string, DayKey>();

  constructor(options: SignatureVerifierOptions) {
    this.#keys = options.keys;
    this.#clock = options.clock;
    this.#cacheSize = options.cacheSize ?? 10_000;
  }

  /**
   * @param bodySha256  lower-case hex, of the bytes that will be used
   * @param signingName  what the scope has to say, where the request is for none of the services: `execute-api`
   * @throws ServiceFault naming what is wrong, in the words and codes of the service called
   */
  async verify(head: RequestHead, bodySha256: string, signingName?: string): Promise<VerifiedSignature> {
    const info = signingName === undefined ? infoOf(head) : { ...serviceInfo('lambda'), signingName };
    try {
      return this.#verify(head, bodySha256, info);
    } catch (fault) {
      throw fault instanceof ServiceFault ? inWordsOf(info, fault) : fault;
    }
  }

  #verify(head: RequestHead, bodySha256: string, info: ServiceInfo): VerifiedSignature {
    const query = queryOf(head.target);
    const claim = readClaim(head, query);
    checkScope(claim, info);
    checkSignedHeaders(claim, head);
    checkMoment(claim, this.#clock.now(), info.skewMs);
    checkBodyHash(head, bodySha256);

    const record = this.#keys.find(claim.accessKeyId, claim.sessionToken);
    const cacheKey = `${claim.accessKeyId}/${claim.day}/${claim.region}/${claim.service}`;
    const cached = this.#dayKeys.get(cacheKey);
    // A stranger's request costs what a friend's does: one HMAC with a key at hand.
    const key =
      record === undefined ? strangersKey : cached?.secret === record.secretAccessKey ? cached.key : dayKey(record, claim);
    const canonical = canonicalRequest(claim, head, query, bodySha256);
    const expected = createHmac('sha256', key).update(stringToSign(claim, canonical)).digest();
    const given = Buffer.from(/^[0-9a-f]{64}$/.test(claim.signature) ? claim.signature : '0'.repeat(64), 'hex');
    const matches = timingSafeEqual(expected, given);

    if (record === undefined) throw invalidToken();
    if (!matches) throw claim.service === 's3' ? mismatchOfS3(claim, canonical) : mismatch();
    if (!sameToken(claim.sessionToken, record.sessionToken)) throw invalidToken();
    if (record.expiresAtMs !== undefined && record.expiresAtMs <= this.#clock.now()) {
      throw refused('ExpiredTokenException', 'The security token included in the request is expired');
    }
    this.#remember(cacheKey, { secret: record.secretAccessKey, key });
    const verified = {
      accessKeyId: record.accessKeyId,
      account: record.account,
      arn: record.arn,
      userId: record.userId,
      ...(record.sessionToken === undefined ? {} : { sessionToken: record.sessionToken }),
    };
    if (!bodySha256.startsWith('STREAMING-AWS4-HMAC-SHA256-PAYLOAD')) return verified;
    return { ...verified, chunks: { seed: claim.signature, sign: chunkSigning(claim, key) } };
  }

  #remember(cacheKey: string, value: DayKey): void {
    this.#dayKeys.delete(cacheKey);
    this.#dayKeys.set(cacheKey, value);
    if (this.#dayKeys.size > this.#cacheSize) this.#dayKeys.delete(this.#dayKeys.keys().next().value ?? '');
  }
}

/** @source Amazon S3 API Reference, "Signature calculations: transferring payload in multiple chunks", read 2026-11 */
const chunkSigning =
  (claim: Claim, key: KeyObject): ChunkSigner['sign'] =>
  (kind, previous, sha256) => {
    const scope = `${claim.day}/${claim.region}/${claim.service}/aws4_request`;
    const hashes = kind === 'chunk' ? `${emptySha256}\n${sha256}` : sha256;
    const text = `AWS4-HMAC-SHA256-${kind === 'chunk' ? 'PAYLOAD' : 'TRAILER'}\n${claim.timestamp}\n${scope}\n${previous}\n${hashes}`;
    return createHmac('sha256', key).update(text).digest('hex');
  };

const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const refused = (code: string, message: string): ServiceFault => new ServiceFault(code, message, { status: 403 });
const invalidToken = (): ServiceFault =>
  refused('UnrecognizedClientException', 'The security token included in the request is invalid.');
const mismatch = (): ServiceFault =>
  refused(
    'InvalidSignatureException',
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  );

const strangersKey = createSecretKey(Buffer.alloc(32));

function dayKey(record: KeyRecord, claim: Claim): KeyObject {
  const steps = [claim.day, claim.region, claim.service, 'aws4_request'];
  const start: Uint8Array = Buffer.from(`AWS4${record.secretAccessKey}`);
  return createSecretKey(steps.reduce<Uint8Array>((key, step) => createHmac('sha256', key).update(step).digest(), start));
}

/** The service a request is for; where nothing but the scope says so, the scope is the answer. */
function infoOf(head: RequestHead): ServiceInfo {
  return serviceInfo(identify(head)?.service ?? serviceNames[0] ?? 'lambda');
}

function checkScope(claim: Claim, info: ServiceInfo): void {
  if (claim.service !== info.signingName) {
    throw refused('InvalidSignatureException', `Credential should be scoped to correct service: '${info.signingName}'.`);
  }
}

/** `host` and every `x-amz-*` header present: one of them unsigned could change what the request means. */
function checkSignedHeaders(claim: Claim, head: RequestHead): void {
  const byAuthority = claim.signedHeaders.includes(':authority') && head.headers[':authority'] === head.headers['host'];
  if (!byAuthority && !claim.signedHeaders.includes('host'))
    throw refused('InvalidSignatureException', "'Host' must be a 'SignedHeader' in the AWS Authorization.");
  for (const name of claim.signedHeaders) {
    if (head.headers[name] === undefined) throw mismatch();
  }
  for (const name of Object.keys(head.headers)) {
    // The body's hash is compared with the body itself, signed or not.
    if (!name.startsWith('x-amz-') || name === 'x-amz-content-sha256' || claim.signedHeaders.includes(name)) continue;
    throw refused('InvalidSignatureException', `There were headers present in the request which were not signed: ${name}`);
  }
}

function checkMoment(claim: Claim, nowMs: number, skewMs: number): void {
  const signedAtMs = momentOf(claim.timestamp);
  const minutes = skewMs / 60_000;
  if (Number.isNaN(signedAtMs)) throw mismatch();
  if (signedAtMs > nowMs + skewMs) {
    throw refused(
      'InvalidSignatureException',
      `Signature not yet current: ${claim.timestamp} is still later than ${basicTime(nowMs + skewMs)} (${basicTime(nowMs)} + ${minutes} min.)`,
    );
  }
  if (claim.expiresS !== undefined) {
    const endMs = signedAtMs + claim.expiresS * 1000;
    if (nowMs > endMs)
      throw refused(
        'InvalidSignatureException',
        `Signature expired: ${basicTime(endMs)} is now earlier than ${basicTime(nowMs)}`,
      );
  } else if (signedAtMs < nowMs - skewMs) {
    throw refused(
      'InvalidSignatureException',
      `Signature expired: ${claim.timestamp} is now earlier than ${basicTime(nowMs - skewMs)} (${basicTime(nowMs)} - ${minutes} min.)`,
    );
  }
}

/** Only S3 takes `UNSIGNED-PAYLOAD`, so anything but the body's own hash is a mismatch. */
function checkBodyHash(head: RequestHead, bodySha256: string): void {
  const claimed = head.headers['x-amz-content-sha256'];
  if (claimed !== undefined && claimed !== bodySha256) throw mismatch();
}

/** Compared as digests, so that neither length nor content shows in the time it takes. */
function sameToken(given: string | undefined, expected: string | undefined): boolean {
  if (given === undefined || expected === undefined) return given === expected;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** The query services keep older names for the same refusals. */
const queryCodes: Readonly<Record<string, string>> = {
  MissingAuthenticationTokenException: 'MissingAuthenticationToken',
  IncompleteSignatureException: 'IncompleteSignature',
  UnrecognizedClientException: 'InvalidClientTokenId',
  InvalidSignatureException: 'SignatureDoesNotMatch',
  ExpiredTokenException: 'ExpiredToken',
};

const s3Codes: Readonly<Record<string, string>> = {
  MissingAuthenticationTokenException: 'AccessDenied',
  IncompleteSignatureException: 'AuthorizationHeaderMalformed',
  UnrecognizedClientException: 'InvalidAccessKeyId',
  InvalidSignatureException: 'SignatureDoesNotMatch',
  ExpiredTokenException: 'ExpiredToken',
};

function inWordsOf(info: ServiceInfo, fault: ServiceFault): ServiceFault {
  const [protocol] = info.protocols;
  const code = protocol === 'query' ? queryCodes[fault.code] : protocol === 'restXml' ? s3Codes[fault.code] : undefined;
  if (code === undefined || fault.status === undefined) return fault;
  return new ServiceFault(code, fault.message, { status: fault.status, cause: fault });
}
