import { s3AddressOf, ServiceFault, type Call } from '@mayfly/wire';
import type { Desk } from '../desk.ts';
import { invalid } from '../faults.ts';
import { bounds } from '../template/template.ts';

export interface Source {
  readonly TemplateBody?: string | undefined;
  readonly TemplateURL?: string | undefined;
  readonly UsePreviousTemplate?: boolean | undefined;
}

/** The template's text: given, at an URL of our S3, or the one that the stack has. @throws ValidationError */
export async function templateText(desk: Desk, call: Call, source: Source, previous?: string): Promise<string> {
  const { TemplateBody: body, TemplateURL: url, UsePreviousTemplate: same } = source;
  const given = [body, url, same === true ? true : undefined].filter((each) => each !== undefined && each !== '');
  if (given.length > 1) throw invalid('Only one of Template URL, Template Body or Use Previous Template may be specified.');
  if (same === true && previous !== undefined) return previous;
  if (body !== undefined && body !== '') {
    if (Buffer.byteLength(body) > bounds.bodyBytes)
      throw invalid(
        `1 validation error detected: Value '${body.slice(0, 100)}' at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to ${bounds.bodyBytes}`,
      );
    return body;
  }
  if (url === undefined || url === '') throw invalid('Either Template URL or Template Body must be specified.');
  return fetched(desk, call, url);
}

/** Hosts that our S3 answers for: this machine's, by name or address, and those of AWS. */
const isOurs = (host: string): boolean =>
  /(^|\.)s3[.-]([a-z0-9-]+\.)?amazonaws\.com$|(^|\.)localhost$/.test(host) || /^[\d.]+$|^\[.*\]$/.test(host);

async function fetched(desk: Desk, call: Call, text: string): Promise<string> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    const bucket = url?.host ?? text;
    throw invalid(`S3 error: Domain name specified in ${bucket} is not a valid S3 domain`);
  }
  const own = new URL(call.origin);
  if (!isOurs(url.hostname) && url.host !== own.host)
    throw invalid(`S3 error: Domain name specified in ${url.hostname} is not a valid S3 domain`);
  const { bucket, key } = s3AddressOf({
    method: 'GET',
    target: url.pathname,
    headers: { host: url.host },
  });
  if (bucket === undefined || key === undefined)
    throw invalid('TemplateURL must reference a valid S3 object to which you have access.');
  const version = url.searchParams.get('versionId');
  try {
    const road = await desk.road();
    const { Body: body } = (await road.call(
      's3',
      'GetObject',
      { Bucket: bucket, Key: key, ...(version === null ? {} : { VersionId: version }) },
      { caller: call.caller, account: call.account, region: call.region },
    )) as { readonly Body: AsyncIterable<Uint8Array> };
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of body) {
      bytes += part.length;
      if (bytes > bounds.objectBytes) throw invalid(`Template may not exceed ${bounds.objectBytes} bytes in size.`);
      parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
  } catch (error) {
    if (!(error instanceof ServiceFault) || error.code === 'ValidationError') throw error;
    throw invalid(
      `S3 error: ${error.message}\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html`,
    );
  }
}
