import { invalid } from '../faults.ts';
import { isMap } from './template.ts';

/** Where dynamic references are looked up. */
export interface Vaults {
  ssm(name: string): Promise<string | undefined>;
  secret(id: string, options: { readonly stage?: string; readonly versionId?: string }): Promise<string | undefined>;
}

const pattern = /\{\{resolve:(ssm|ssm-secure|secretsmanager):([^{}]+)\}\}/g;

/** The same value with every `{{resolve:…}}` in it looked up. What was found is handed on and kept nowhere. */
export async function lookedUp(value: unknown, vaults: Vaults): Promise<unknown> {
  if (typeof value === 'string') return value.includes('{{resolve:') ? lookedUpText(value, vaults) : value;
  if (Array.isArray(value)) return Promise.all(value.map((item) => lookedUp(item, vaults)));
  if (!isMap(value)) return value;
  const pairs = Object.entries(value).map(async ([name, item]) => [name, await lookedUp(item, vaults)] as const);
  return Object.fromEntries(await Promise.all(pairs));
}

async function lookedUpText(text: string, vaults: Vaults): Promise<string> {
  let result = '';
  let end = 0;
  for (const found of text.matchAll(pattern)) {
    const [whole, service = '', rest = ''] = found;
    result += text.slice(end, found.index);
    result += service === 'secretsmanager' ? await secretText(rest, vaults) : await ssmText(rest, vaults);
    end = found.index + whole.length;
  }
  return result + text.slice(end);
}

async function ssmText(name: string, vaults: Vaults): Promise<string> {
  const value = await vaults.ssm(name);
  if (value === undefined) throw invalid(`Unable to fetch parameters [${name}] from parameter store for this account.`);
  return value;
}

/** `id:SecretString:key:stage:version`, where the id may be an ARN. */
async function secretText(reference: string, vaults: Vaults): Promise<string> {
  const parts = reference.split(':');
  const idParts = reference.startsWith('arn:') ? 7 : 1;
  const id = parts.slice(0, idParts).join(':');
  const [, key = '', stage = '', versionId = ''] = parts.slice(idParts);
  const text = await vaults.secret(id, {
    ...(stage === '' ? {} : { stage }),
    ...(versionId === '' ? {} : { versionId }),
  });
  if (text === undefined) throw invalid(`Secrets Manager can't find the specified secret. (${id})`);
  if (key === '') return text;
  let value: unknown;
  try {
    value = (JSON.parse(text) as Readonly<Record<string, unknown>> | null)?.[key];
  } catch {
    value = undefined;
  }
  if (value === undefined) throw invalid(`Could not find a value associated with JSONKey in SecretString`);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
