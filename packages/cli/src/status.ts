import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import { explain, exitCodes, Stop } from './exit.ts';
import { targetOf, type TargetFlags } from './target.ts';

/** `mayfly status`: what the server says of itself. */
export async function status(flags: TargetFlags): Promise<void> {
  const { endpoint } = targetOf(flags);
  const { status, text } = await read(`${endpoint}/_mayfly/status`).catch((error: unknown) => {
    throw explain(error, endpoint);
  });
  if (status !== 200) throw new Stop(exitCodes.refused, `${endpoint} answered ${status}; it does not look like a Mayfly server.`);
  const document = JSON.parse(text) as Record<string, unknown>;
  if (flags.json === true) return void process.stdout.write(JSON.stringify(document) + '\n');
  for (const [name, value] of Object.entries({ endpoint, ...document }))
    process.stdout.write(`${name.padEnd(12)} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}\n`);
}

/** Not `fetch`, which refuses some ports. */
const read = (url: string): Promise<{ readonly status: number | undefined; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const get = url.startsWith('https:') ? getSecure : getPlain;
    get(url, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.once('end', () => resolve({ status: answer.statusCode, text })).once('error', reject);
    }).once('error', reject);
  });
