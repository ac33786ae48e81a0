import { CreateAccessKeyCommand, DeleteAccessKeyCommand, IAMClient, paginateListAccessKeys } from '@aws-sdk/client-iam';
import { settingsOf, targetOf, type TargetFlags } from './target.ts';

/** Keys of the caller's own account: of its root, or of an IAM user. */
export interface KeyFlags extends TargetFlags {
  readonly user?: string;
}

const iamOf = (flags: TargetFlags): IAMClient => new IAMClient(settingsOf(targetOf(flags)));
const userOf = ({ user }: KeyFlags): { readonly UserName?: string } => (user === undefined ? {} : { UserName: user });
const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** `mayfly keys` */
export async function listKeys(flags: KeyFlags): Promise<void> {
  const all = [];
  for await (const page of paginateListAccessKeys({ client: iamOf(flags) }, userOf(flags)))
    all.push(...(page.AccessKeyMetadata ?? []));
  if (flags.json === true) return print(JSON.stringify(all));
  if (all.length === 0) return print('No keys yet. Make one with: mayfly keys create');
  for (const { AccessKeyId = '', UserName = '', Status = '', CreateDate } of all) {
    print(`${AccessKeyId}  ${Status.padEnd(8)}  ${CreateDate?.toISOString() ?? ''}  ${UserName}`);
  }
}

/** `mayfly keys create`: the secret is shown this once. */
export async function createKey(flags: KeyFlags): Promise<void> {
  const { AccessKey } = await iamOf(flags).send(new CreateAccessKeyCommand(userOf(flags)));
  if (flags.json === true) return print(JSON.stringify(AccessKey));
  print(`export AWS_ACCESS_KEY_ID=${AccessKey?.AccessKeyId}`);
  print(`export AWS_SECRET_ACCESS_KEY=${AccessKey?.SecretAccessKey}`);
}

/** `mayfly keys rm ID` */
export async function removeKey(id: string, flags: KeyFlags): Promise<void> {
  await iamOf(flags).send(new DeleteAccessKeyCommand({ AccessKeyId: id, ...userOf(flags) }));
  print(
    flags.json === true ? JSON.stringify({ deleted: id }) : `${id} is gone; requests signed with it are refused from now on.`,
  );
}
