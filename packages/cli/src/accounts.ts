import { askServer } from './admin.ts';
import type { TargetFlags } from './target.ts';

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** `mayfly accounts` */
export async function listAccounts(flags: TargetFlags): Promise<void> {
  const { accounts } = await askServer<{ accounts: string[] }>(flags, 'GET', '/_mayfly/accounts');
  print(flags.json === true ? JSON.stringify(accounts) : accounts.join('\n'));
}

/** `mayfly accounts create ID`: the first key of its root, whose secret is shown this once. */
export async function createAccount(id: string, flags: TargetFlags): Promise<void> {
  const path = `/_mayfly/accounts/${encodeURIComponent(id)}`;
  const key = await askServer<{ accessKeyId: string; secretAccessKey: string }>(flags, 'POST', path);
  if (flags.json === true) return print(JSON.stringify(key));
  print(`export AWS_ACCESS_KEY_ID=${key.accessKeyId}`);
  print(`export AWS_SECRET_ACCESS_KEY=${key.secretAccessKey}`);
}
