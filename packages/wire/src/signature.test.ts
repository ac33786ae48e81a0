import { SignatureV4 } from '@smithy/signature-v4';
import type { HttpRequest } from '@smithy/types';
import fc from 'fast-check';
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { suite, test, type TestContext } from 'node:test';
import { SignatureVerifier, type KeyRecord, type RequestHead } from './index.ts';

/** The hash the official signer is handed. */
class Sha256 {
  #hash: Hash | Hmac;
  readonly #start: () => Hash | Hmac;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    const key = typeof secret === 'string' || secret === undefined ? secret : Buffer.from(secret as Uint8Array);
    this.#start = () => (key === undefined ? createHash('sha256') : createHmac('sha256', key));
    this.#hash = this.#start();
  }
  update(data: Uint8Array): void {
    this.#hash.update(data);
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
  reset(): void {
    this.#hash = this.#start();
  }
}

const hash = (body: string): string => createHash('sha256').update(body).digest('hex');
const nowMs = Date.parse('2026-11-23T12:00:00Z');
const permanent: KeyRecord = {
  accessKeyId: 'AKIAEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG',
  account: '123456789012',
  arn: 'arn:aws:iam::123456789012:user/ada',
  userId: 'AIDAEXAMPLE',
};
const shortLived: KeyRecord = {
  ...permanent,
  accessKeyId: 'ASIAEXAMPLE',
  sessionToken: 'token/with+signs==',
  expiresAtMs: nowMs + 60_000,
};

function verifier(options: { records?: readonly KeyRecord[]; atMs?: number; cacheSize?: number } = {}): SignatureVerifier {
  const records = options.records ?? [permanent, shortLived];
  return new SignatureVerifier({
    keys: { find: (id) => records.find((record) => record.accessKeyId === id) },
    clock: { now: () => options.atMs ?? nowMs },
    ...(options.cacheSize === undefined ? {} : { cacheSize: options.cacheSize }),
  });
}

interface Plan {
  readonly record?: KeyRecord;
  readonly service?: string;
  readonly method?: string;
  readonly path?: string;
  readonly query?: Record<string, string | string[]>;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly presign?: { readonly expiresIn: number };
}

/** A request signed by the official signer, as it goes over the wire. */
async function signed(plan: Plan = {}): Promise<RequestHead> {
  const record = plan.record ?? permanent;
  const signer = new SignatureV4({
    credentials: {
      accessKeyId: record.accessKeyId,
      secretAccessKey: record.secretAccessKey,
      ...(record.sessionToken === undefined ? {} : { sessionToken: record.sessionToken }),
    },
    region: 'eu-west-1',
    service: plan.service ?? 'lambda',
    sha256: Sha256,
  });
  const request = {
    protocol: 'http:',
    hostname: 'localhost',
    method: plan.method ?? 'POST',
    path: plan.path ?? '/2015-03-31/functions/hello/invocations',
    query: plan.query ?? {},
    headers: { host: 'localhost:4566', ...plan.headers },
    body: plan.body ?? '',
  } as HttpRequest;
  const options = { signingDate: new Date(nowMs) };
  const result =
    plan.presign === undefined
      ? await signer.sign(request, options)
      : await signer.presign(request, { ...options, ...plan.presign });
  const query = Object.entries(result.query ?? {}).flatMap(([name, value]) =>
    [value ?? ''].flat().map((each) => `${encodeURIComponent(name)}=${encodeURIComponent(each)}`),
  );
  return {
    method: result.method,
    target: result.path + (query.length === 0 ? '' : `?${query.join('&')}`),
    headers: Object.fromEntries(Object.entries(result.headers).map(([name, value]) => [name.toLowerCase(), value])),
  };
}

const withHeaders = (head: RequestHead, headers: Record<string, string | undefined>): RequestHead => ({
  ...head,
  headers: { ...head.headers, ...headers },
});

const refuses = (t: TestContext, head: RequestHead, code: string, text: RegExp, body = '', by = verifier()): Promise<void> =>
  t.assert.rejects(by.verify(head, hash(body)), { name: code, message: text });

suite('signatures, made by the official signer', () => {
  test('a signed header names its caller', async (t: TestContext) => {
    const head = await signed({ body: '{"a":1}', headers: { 'x-amz-log-type': 'Tail', 'x-spaces': '  a   b ' } });
    const { accessKeyId, account, arn, userId } = permanent;
    t.assert.deepStrictEqual(await verifier().verify(head, hash('{"a":1}')), { accessKeyId, account, arn, userId });
  });

  test('a presigned URL names its caller until it expires', async (t: TestContext) => {
    const head = await signed({ method: 'GET', presign: { expiresIn: 60 }, record: shortLived });
    const hourLong = [{ ...shortLived, expiresAtMs: nowMs + 3_600_000 }];
    t.assert.strictEqual((await verifier().verify(head, hash(''))).account, '123456789012');
    await verifier({ records: hourLong, atMs: nowMs + 60_000 }).verify(head, hash(''));
    const late = verifier({ records: hourLong, atMs: nowMs + 60_001 });
    await refuses(t, head, 'InvalidSignatureException', /^Signature expired/, '', late);
  });

  test('any path, query and body that the signer signs is understood', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 12 }).map((each) => each.toWellFormed());
    const segment = fc.oneof(text.map(encodeURIComponent), fc.constantFrom('', '.', '..', '%2F', '%252F', 'a:b', "!'()*", '~'));
    const name = text.filter((each) => each !== '' && each !== '__proto__' && !/^x-amz-/i.test(each));
    const values = fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 }));
    const query = fc.dictionary(name, values, { maxKeys: 4, noNullPrototype: true });
    const property = fc.asyncProperty(
      fc.array(segment, { maxLength: 6 }),
      query,
      text,
      fc.boolean(),
      async (path, query, body, presign) => {
        const head = await signed({
          path: `/2015-03-31/${path.join('/')}`,
          query,
          body,
          ...(presign ? { presign: { expiresIn: 9 } } : {}),
        });
        await verifier().verify(head, hash(body));
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });

  test('one flipped part of the request is enough to be refused', async (t: TestContext) => {
    const head = await signed({ body: 'x', query: { Qualifier: 'live' }, headers: { 'x-amz-log-type': 'Tail' } });
    const authorization = head.headers['authorization'] ?? '';
    const flipped = authorization.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    const tampered: readonly RequestHead[] = [
      { ...head, method: 'PUT' },
      { ...head, target: head.target.replace('hello', 'other') },
      { ...head, target: head.target.replace('live', 'test') },
      { ...head, target: `${head.target}&more=1` },
      withHeaders(head, { host: 'elsewhere' }),
      withHeaders(head, { 'x-amz-log-type': 'None' }),
      withHeaders(head, { 'x-amz-log-type': undefined }),
      withHeaders(head, { authorization: flipped }),
      withHeaders(head, { authorization: authorization.slice(0, -1) }),
      withHeaders(head, { 'x-amz-date': '20261123T120001Z' }),
      withHeaders(head, { authorization: authorization.replace('eu-west-1', 'eu-west-2') }),
    ];
    for (const each of tampered) await refuses(t, each, 'InvalidSignatureException', /does not match the signature/, 'x');
    await refuses(t, head, 'InvalidSignatureException', /does not match the signature/, 'y');
  });

  test('the hash header must be the hash of the body, and nothing may be unsigned', async (t: TestContext) => {
    const head = await signed({ body: 'x' });
    await refuses(
      t,
      withHeaders(head, { 'x-amz-content-sha256': hash('z') }),
      'InvalidSignatureException',
      /does not match/,
      'x',
    );
    const unsigned = await signed({ body: 'x', headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } });
    await refuses(t, unsigned, 'InvalidSignatureException', /does not match/, 'x');
    const added = withHeaders(head, { 'x-amz-client-context': 'e30=' });
    await refuses(t, added, 'InvalidSignatureException', /not signed: x-amz-client-context/, 'x');
    const bare = withHeaders(head, { authorization: head.headers['authorization']?.replace('host;', '') });
    await refuses(t, bare, 'InvalidSignatureException', /'Host' must be/, 'x');
  });

  test('no signature, half of one and two of them are told apart', async (t: TestContext) => {
    const header = await signed();
    const url = await signed({ presign: { expiresIn: 60 } });
    const authorization = header.headers['authorization'] ?? '';
    const change = (from: string | RegExp, to: string): RequestHead =>
      withHeaders(header, { authorization: authorization.replace(from, to) });
    await refuses(
      t,
      withHeaders(header, { authorization: undefined }),
      'MissingAuthenticationTokenException',
      /^Missing Authentication Token$/,
    );
    const both = { ...header, target: url.target };
    const incomplete: readonly [RequestHead, RegExp][] = [
      [both, /Only one auth mechanism/],
      [change(/, Signature=.*/, ''), /requires 'Signature'/],
      [change('AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA1'), /requires the algorithm/],
      [change(/$/, ', Signature=00'), /more than one 'Signature'/],
      [change('/20261123/', '/20261122/'), /does not match YYYYMMDD/],
      [change('host;', 'x;host;'), /sorted/],
      [withHeaders(header, { 'x-amz-date': undefined }), /'X-Amz-Date' or a 'Date'/],
      [{ ...url, target: url.target.replace('X-Amz-Expires=60', 'X-Amz-Expires=604801') }, /X-Amz-Expires/],
      [{ ...url, target: url.target.replace('X-Amz-Expires=60', 'X-Amz-Expires=-1') }, /X-Amz-Expires/],
      [{ ...url, target: `${url.target}&X-Amz-Date=20261123T120000Z` }, /more than one 'X-Amz-Date'/],
    ];
    for (const [head, text] of incomplete) await refuses(t, head, 'IncompleteSignatureException', text);
  });

  test('Lambda allows five minutes of skew, other services fifteen, and not a second more', async (t: TestContext) => {
    const minute = 60_000;
    for (const [service, path, skew] of [
      ['lambda', undefined, 5],
      ['logs', '/', 15],
    ] as const) {
      const head = await signed({ service, ...(path === undefined ? {} : { path }) });
      await verifier({ atMs: nowMs + skew * minute }).verify(head, hash(''));
      await verifier({ atMs: nowMs - skew * minute }).verify(head, hash(''));
      const late = verifier({ atMs: nowMs + skew * minute + 1000 });
      await refuses(
        t,
        head,
        'InvalidSignatureException',
        new RegExp(`^Signature expired: 20261123T120000Z .* - ${skew} min\\.\\)$`),
        '',
        late,
      );
      const early = verifier({ atMs: nowMs - skew * minute - 1000 });
      await refuses(
        t,
        head,
        'InvalidSignatureException',
        new RegExp(`^Signature not yet current: .* \\+ ${skew} min\\.\\)$`),
        '',
        early,
      );
    }
  });

  test('a session token must be there, be the right one, and be alive', async (t: TestContext) => {
    const { sessionToken: _, ...tokenless } = shortLived;
    await verifier().verify(await signed({ record: shortLived }), hash(''));
    const invalid = /^The security token included in the request is invalid\.$/;
    await refuses(t, await signed({ record: tokenless }), 'UnrecognizedClientException', invalid);
    await refuses(
      t,
      await signed({ record: { ...shortLived, sessionToken: 'foreign' } }),
      'UnrecognizedClientException',
      invalid,
    );
    await refuses(t, await signed({ record: { ...permanent, sessionToken: 'foreign' } }), 'UnrecognizedClientException', invalid);
    const later = verifier({ atMs: nowMs + 60_000 });
    await refuses(t, await signed({ record: shortLived }), 'ExpiredTokenException', /is expired$/, '', later);
  });

  test('an unknown key is refused, also one that was known a moment ago', async (t: TestContext) => {
    const records = [permanent];
    const changing = verifier({ records });
    const head = await signed();
    await changing.verify(head, hash(''));
    records[0] = { ...permanent, secretAccessKey: 'rotated' };
    await refuses(t, head, 'InvalidSignatureException', /does not match/, '', changing);
    records.pop();
    await refuses(t, head, 'UnrecognizedClientException', /is invalid/, '', changing);
  });

  test('a full cache forgets the oldest key and still verifies', async () => {
    const small = verifier({ cacheSize: 1 });
    const heads = [await signed(), await signed({ record: shortLived }), await signed()];
    for (const head of heads) await small.verify(head, hash(''));
  });

  test('query services refuse in their own words, and a scope for another service does not open this one', async (t: TestContext) => {
    const sts = await signed({ service: 'sts', path: '/' });
    await verifier().verify(sts, hash(''));
    await refuses(t, sts, 'SignatureDoesNotMatch', /does not match/, 'tampered');
    await refuses(t, sts, 'InvalidClientTokenId', /is invalid/, '', verifier({ records: [] }));
    const logs = await signed({ path: '/', headers: { 'x-amz-target': 'Logs_20140328.GetLogEvents' } });
    await refuses(t, logs, 'InvalidSignatureException', /correct service: 'logs'/);
  });
});
