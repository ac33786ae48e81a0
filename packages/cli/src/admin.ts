import { createHash, createHmac } from 'node:crypto';
import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { exitCodes, explain, Stop } from './exit.ts';
import { targetOf, type Target, type TargetFlags } from './target.ts';

/** Asks the server itself, as the operator. @param path  below `/_mayfly/` */
export async function askServer<Answer>(flags: TargetFlags, method: 'GET' | 'POST', path: string): Promise<Answer> {
  const target = targetOf(flags);
  const url = new URL(path, target.endpoint);
  const { status, text } = await send(url, method, signed(url, method, target)).catch((error: unknown) => {
    throw explain(error, target.endpoint);
  });
  if (status !== 200 && status !== 201)
    throw new Stop(exitCodes.refused, messageOf(text) ?? `${target.endpoint} answered ${status}.`);
  return JSON.parse(text) as Answer;
}

function messageOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { message?: string }).message;
  } catch {
    return undefined;
  }
}

/** SigV4 of a request without a body. @source AWS General Reference, "Create a signed AWS API request", read 2026-11 */
function signed(url: URL, method: string, { accessKeyId, secretAccessKey, region }: Target): Readonly<Record<string, string>> {
  const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = [time.slice(0, 8), region, 'lambda', 'aws4_request'];
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const token = process.env['AWS_SESSION_TOKEN'];
  const headers: Record<string, string> = {
    host: url.host,
    'x-amz-date': time,
    ...(token === undefined ? {} : { 'x-amz-security-token': token }),
  };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = [method, url.pathname, url.searchParams.toString(), lines.join(''), names, sha256('')].join('\n');
  const key = scope.reduce<string | Buffer>((last, step) => hmac(last, step), `AWS4${secretAccessKey}`);
  const signature = createHmac('sha256', key)
    .update(['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(canonical)].join('\n'))
    .digest('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope.join('/')}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...headers, authorization };
}

/** Not `fetch`, which refuses some ports. */
const send = (
  url: URL,
  method: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number | undefined; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const open = url.protocol === 'https:' ? requestSecure : requestPlain;
    open(url, { method, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.once('end', () => resolve({ status: answer.statusCode, text })).once('error', reject);
    })
      .once('error', reject)
      .end();
  });
