import {
  parseXml,
  s3AddressOf,
  ServiceFault,
  type FormUpload,
  type RequestHead,
  type StreamedBody,
  type WireResponse,
} from '@mayfly/wire';

/** A form upload said as the PUT that it is. */
export interface PostedObject {
  readonly head: RequestHead;
  readonly body: StreamedBody;
  readonly key: string;
}

const denied = (why: string): ServiceFault =>
  new ServiceFault('AccessDenied', `Invalid according to Policy: ${why}`, { status: 403 });

/** Fields that a PUT has as headers. */
const headerFields =
  /^(content-type|cache-control|content-disposition|content-encoding|expires|x-amz-meta-.+|x-amz-storage-class|x-amz-checksum-.+|x-amz-website-redirect-location)$/;
/** Fields that are no property of the object. */
const otherFields =
  /^(key|policy|file|success_action_status|success_action_redirect|redirect|x-amz-(algorithm|credential|date|signature|security-token|server-side-encryption)|awsaccesskeyid|signature|x-ignore-.*|bucket|submit)$/;

/**
 * Reads a form as S3 does: the policy, where there is one, must allow every field.
 *
 * @throws InvalidArgument, AccessDenied, InvalidPolicyDocument; the file's stream throws EntityTooLarge or EntityTooSmall
 */
export function postedObject(head: RequestHead, form: FormUpload, nowMs: number): PostedObject {
  const { bucket = '' } = s3AddressOf(head);
  const { fields } = form;
  const key = fields.get('key')?.replaceAll('${filename}', form.fileName);
  if (key === undefined || key === '') {
    throw new ServiceFault(
      'InvalidArgument',
      "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
      { status: 400, members: { ArgumentName: 'key', ArgumentValue: '' } },
    );
  }
  const headers: Record<string, string> = { host: head.headers['host'] ?? '' };
  for (const [name, value] of fields) {
    if (name === 'acl') headers['x-amz-acl'] = value;
    else if (name === 'tagging') headers['x-amz-tagging'] = tagsFrom(value);
    else if (headerFields.test(name)) headers[name] = value;
    else if (!otherFields.test(name)) {
      throw new ServiceFault('NotImplemented', `Mayfly does not read the field ${name} of an upload form.`, { status: 400 });
    }
  }
  checkSignatureFields(fields);
  const range = checkPolicy(fields, { bucket, key }, nowMs);
  const path = encodeURIComponent(key).replaceAll('%2F', '/');
  const target = s3AddressOf({ ...head, target: '/' }).bucket === undefined ? `/${bucket}/${path}` : `/${path}`;
  return {
    key,
    head: { method: 'PUT', target, headers },
    body: { trailers: new Map(), length: undefined, [Symbol.asyncIterator]: () => within(form.file, range) },
  };
}

type Range = readonly [least: number, most: number];

async function* within(file: AsyncIterable<Uint8Array>, range: Range | undefined): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of file) {
    bytes += piece.length;
    if (range !== undefined && bytes > range[1])
      throw new ServiceFault('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', { status: 400 });
    yield piece;
  }
  if (range !== undefined && bytes < range[0])
    throw new ServiceFault('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', { status: 400 });
}

/** @returns how long the file may be */
function checkPolicy(
  fields: ReadonlyMap<string, string>,
  known: { readonly bucket: string; readonly key: string },
  nowMs: number,
): Range | undefined {
  const text = fields.get('policy');
  if (text === undefined) return undefined;
  const { expiration, conditions } = parsePolicy(text);
  if (Number.isNaN(Date.parse(expiration)) || Date.parse(expiration) <= nowMs) throw denied('Policy expired.');
  const valueOf = (name: string): string | undefined =>
    name === 'bucket' ? known.bucket : name === 'key' ? known.key : fields.get(name);
  const covered = new Set<string>();
  let range: Range | undefined;
  for (const condition of conditions) {
    const [kind, given, wanted] = Array.isArray(condition) ? (condition as unknown[]) : simple(condition as object);
    if (kind === 'content-length-range') {
      range = [Number(given), Number(wanted)];
      continue;
    }
    const name = String(given).replace(/^\$/, '').toLowerCase();
    // A name without its sign is of nothing.
    const value = String(given).startsWith('$') ? (valueOf(name) ?? '') : '';
    const holds = kind === 'starts-with' ? value.startsWith(String(wanted)) : value === String(wanted);
    if (!holds) throw denied(`Policy Condition failed: ${told([kind, given, wanted])}`);
    covered.add(name);
  }
  for (const name of fields.keys()) {
    if (covered.has(name) || /^(policy|x-amz-signature|signature|awsaccesskeyid|x-ignore-.*|file)$/.test(name)) continue;
    throw denied(`Extra input fields: ${name}`);
  }
  return range;
}

/** `{"name": "value"}`, as the longer form says it. @throws InvalidPolicyDocument */
function simple(condition: object): readonly unknown[] {
  const [entry, ...more] = Object.entries(condition);
  if (entry === undefined || more.length > 0) {
    throw new ServiceFault(
      'InvalidPolicyDocument',
      'Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.',
      { status: 400 },
    );
  }
  return ['eq', `$${entry[0]}`, entry[1]];
}

/** As S3 prints a condition. */
const told = (condition: readonly unknown[]): string => `[${condition.map((each) => JSON.stringify(each)).join(', ')}]`;

/** What a signed form cannot be without, by the version of its signature. */
const signatureFields = {
  v4: ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-Date'],
  v2: ['AWSAccessKeyId', 'Signature'],
} as const;

/** @throws InvalidArgument for a form that is signed by half, AccessDenied for a policy that nobody signed */
function checkSignatureFields(fields: ReadonlyMap<string, string>): void {
  if (!fields.has('policy')) return;
  if (
    !Object.values(signatureFields)
      .flat()
      .some((name) => fields.has(name.toLowerCase()))
  )
    throw new ServiceFault('AccessDenied', 'Access Denied', { status: 403 });
  for (const names of Object.values(signatureFields)) {
    if (!names.some((name) => fields.has(name.toLowerCase()))) continue;
    const missing = names.find((name) => !fields.has(name.toLowerCase()));
    if (missing === undefined) continue;
    throw new ServiceFault(
      'InvalidArgument',
      `Bucket POST must contain a field named '${missing}'.  If it is specified, please check the order of the fields.`,
      { status: 400, members: { ArgumentName: missing, ArgumentValue: '' } },
    );
  }
}

/** A document of tags as the header of a PUT has them. @throws MalformedXML */
function tagsFrom(document: string): string {
  try {
    const tags = parseXml(Buffer.from(document)).children.flatMap(({ children }) => children);
    const textOf = (tag: (typeof tags)[number], name: string): string =>
      tag.children.find((child) => child.name === name)?.text ?? '';
    return new URLSearchParams(tags.map((tag): [string, string] => [textOf(tag, 'Key'), textOf(tag, 'Value')])).toString();
  } catch {
    throw new ServiceFault(
      'MalformedXML',
      'The XML you provided was not well-formed or did not validate against our published schema',
      { status: 400 },
    );
  }
}

function parsePolicy(text: string): { readonly expiration: string; readonly conditions: readonly unknown[] } {
  try {
    const policy = JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as { expiration?: unknown; conditions?: unknown };
    if (
      typeof policy.expiration === 'string' &&
      Array.isArray(policy.conditions) &&
      policy.conditions.every((each) => typeof each === 'object' && each !== null)
    ) {
      return { expiration: policy.expiration, conditions: policy.conditions as unknown[] };
    }
  } catch {
    // Falls through: not a policy.
  }
  throw new ServiceFault(
    'InvalidPolicyDocument',
    'The content of the form does not meet the conditions specified in the policy document.',
    { status: 400 },
  );
}

/** What a browser is told: nothing, a document, or where to go on. */
export function postAnswer(reply: WireResponse, form: FormUpload, posted: PostedObject, head: RequestHead): WireResponse {
  if (reply.status !== 200) return reply;
  const { bucket = '' } = s3AddressOf(head);
  const etag = reply.headers['ETag'] ?? '';
  const location = `http://${head.headers['host'] ?? ''}${posted.head.target}`;
  const redirect = form.fields.get('success_action_redirect') ?? form.fields.get('redirect');
  if (redirect !== undefined && URL.canParse(redirect)) {
    const url = new URL(redirect);
    for (const [name, value] of Object.entries({ bucket, key: posted.key, etag })) url.searchParams.set(name, value);
    return { status: 303, headers: { ...reply.headers, Location: url.href }, body: new Uint8Array(0) };
  }
  const status = Number(form.fields.get('success_action_status'));
  const headers = { ...reply.headers, Location: location };
  if (status !== 201) return { status: status === 200 ? 200 : 204, headers, body: new Uint8Array(0) };
  const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const members = { Location: location, Bucket: bucket, Key: posted.key, ETag: etag };
  const content = Object.entries(members)
    .map(([name, value]) => `<${name}>${escaped(value)}</${name}>`)
    .join('');
  return {
    status: 201,
    headers: { ...headers, 'Content-Type': 'application/xml' },
    body: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>${content}</PostResponse>`),
  };
}
