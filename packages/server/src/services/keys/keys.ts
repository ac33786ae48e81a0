import { SignatureVerifier, type KeyRecord, type KeySource, type RequestHead } from '@mayfly/wire';
import type { Clock, Random } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import {
  accessKeyId,
  byCodeUnits,
  derivedId,
  openText,
  Records,
  sealText,
  without,
  type MasterKey,
  type Sealer,
} from '../kit/index.ts';
import { newSecret, Sessions, type Principal, type Session, type TemporaryCredentials } from './session.ts';

/** An access key as it lies on the disk: its secret sealed. */
interface StoredKey extends Principal {
  readonly accessKeyId: string;
  readonly sealedSecret: string;
  /** Of the IAM user it belongs to; absent for a key of the account's root. */
  readonly userName?: string;
  readonly active: boolean;
  readonly createdAt: number;
}

/** What may be shown of a key. */
export type KeyInfo = Omit<StoredKey, 'sealedSecret'>;

/** Shown once. */
export interface NewKey extends KeyInfo {
  readonly secretAccessKey: string;
}

export interface KeysOptions {
  readonly database: Database;
  readonly masterKey: MasterKey;
  readonly clock: Clock;
  readonly random: Random;
}

/** Keys of one account; ours. */
const mostKeys = 10_000;
/** Sessions of functions. @source spec 1.16-04 */
const roleLifetimeMs = 12 * 3_600_000;

type Kinds = { readonly key: StoredKey };

/**
 * Long-lived access keys and short-lived credentials, and whose they are. The signature check of
 * `--auth strict` asks here on every request, so everything it needs is in memory.
 */
export class Keys implements KeySource {
  readonly #records: Records<Kinds>;
  readonly #sealer: Sealer;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #sessions: Sessions;
  readonly #verifier: SignatureVerifier;
  readonly #active = new Map<string, KeyRecord>();
  /** Since the start. */
  readonly #used = new Map<string, { atMs: number; service: string; region: string }>();

  private constructor(options: KeysOptions, records: Records<Kinds>) {
    this.#records = records;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#sealer = options.masterKey.sealer('access keys');
    this.#sessions = new Sessions({
      sealer: options.masterKey.sealer('session tokens'),
      clock: options.clock,
      random: options.random,
    });
    this.#verifier = new SignatureVerifier({ keys: this, clock: options.clock });
    for (const { value } of records.all('key')) this.#know(value);
  }

  static async open(options: KeysOptions): Promise<Keys> {
    return new Keys(options, await Records.open<Kinds>(options.database, 'keys'));
  }

  /** For wire's verifier. */
  find(id: string, sessionToken?: string): KeyRecord | undefined {
    if (sessionToken === undefined) return this.#active.get(id);
    const session = this.session(id, sessionToken);
    return session === undefined ? undefined : { ...session, sessionToken };
  }

  /** What a session's token says of it, ended or not. */
  session(id: string, sessionToken: string): Session | undefined {
    const session = this.#sessions.open(sessionToken);
    return session?.accessKeyId === id ? session : undefined;
  }

  /** For the street door of `--auth strict`. @throws ServiceFault of spec 0.1-11 */
  async verify(
    head: RequestHead,
    bodySha256: string,
    signingName?: string,
  ): Promise<Principal & { readonly accessKeyId: string }> {
    const known = await this.#verifier.verify(head, bodySha256, signingName);
    this.#note(known.accessKeyId, head);
    return known;
  }

  /** Makes a key of a user, or of the account's root. The secret is in the answer and nowhere else in the clear. */
  async create(owner: {
    readonly account: string;
    readonly user?: { readonly name: string; readonly arn: string; readonly id: string };
  }): Promise<NewKey> {
    const { account, user } = owner;
    const id = accessKeyId('AKIA', account, this.#random);
    const secretAccessKey = newSecret(this.#random);
    const key: StoredKey = {
      accessKeyId: id,
      sealedSecret: sealText(this.#sealer, secretAccessKey),
      account,
      arn: user?.arn ?? `arn:aws:iam::${account}:root`,
      userId: user?.id ?? account,
      ...(user === undefined ? {} : { userName: user.name }),
      active: true,
      createdAt: Math.floor(this.#clock.now()),
    };
    await this.#records.change((draft) => {
      if (draft.count('key', account) >= mostKeys)
        throw Object.assign(new Error(`An account has at most ${mostKeys} keys.`), { code: 'TOO_MANY_KEYS' });
      draft.put('key', account, id, key);
    });
    this.#know(key);
    return { ...infoOf(key), secretAccessKey };
  }

  /** Oldest first. @param userName  of an IAM user; null = of root; absent = all of the account */
  list(account: string, userName?: string | null): readonly KeyInfo[] {
    return this.#records
      .list('key', account)
      .filter((key) => userName === undefined || key.userName === (userName ?? undefined))
      .map(infoOf)
      .toSorted((a, b) => a.createdAt - b.createdAt || byCodeUnits(a.accessKeyId, b.accessKeyId));
  }

  /** @returns false when there is no such key */
  async setActive(account: string, id: string, active: boolean): Promise<boolean> {
    const key = await this.#records.change((draft) => {
      const known = draft.get('key', account, id);
      if (known === undefined) return undefined;
      const changed = { ...known, active };
      draft.put('key', account, id, changed);
      return changed;
    });
    if (key !== undefined) this.#know(key);
    return key !== undefined;
  }

  /** The key stops at once. @returns false when there is no such key */
  async delete(account: string, id: string): Promise<boolean> {
    const existed = await this.#records.change((draft) => draft.delete('key', account, id));
    this.#active.delete(id);
    this.#used.delete(id);
    return existed;
  }

  /** Those that have keys. */
  accounts(): readonly string[] {
    return [...new Set(Array.from(this.#records.all('key'), ({ value }) => value.account))].toSorted(byCodeUnits);
  }

  /** Makes the first root key of an account, so that somebody can get in; undefined when it has one. */
  async ensureRoot(account: string): Promise<NewKey | undefined> {
    return this.list(account, null).length > 0 ? undefined : this.create({ account });
  }

  lastUsed(id: string): { readonly atMs: number; readonly service: string; readonly region: string } | undefined {
    return this.#used.get(id);
  }

  /** Short-lived credentials for whoever the caller says; who may have them is decided before. */
  issue(who: Parameters<Sessions['issue']>[0], lifetimeMs: number): TemporaryCredentials {
    return this.#sessions.issue(who, lifetimeMs);
  }

  /** Credentials of a role, for an execution environment. @throws Error for what is no role's ARN */
  issueRoleCredentials(
    roleArn: string,
    sessionName: string,
    options: { readonly roleId?: string; readonly lifetimeMs?: number } & Pick<
      Session,
      'policies' | 'policyArns' | 'tags' | 'context'
    > = {},
  ): TemporaryCredentials {
    const { roleId, lifetimeMs, ...limits } = options;
    return this.issue({ ...sessionOfRole(roleArn, sessionName, roleId), ...limits }, lifetimeMs ?? roleLifetimeMs);
  }

  settled(): Promise<void> {
    return this.#records.settled();
  }

  #know(key: StoredKey): void {
    const secretAccessKey = key.active ? openText(this.#sealer, key.sealedSecret) : undefined;
    if (secretAccessKey === undefined) this.#active.delete(key.accessKeyId);
    else {
      const { accessKeyId: id, account, arn, userId } = key;
      this.#active.set(id, { accessKeyId: id, secretAccessKey, account, arn, userId });
    }
  }

  #note(id: string, head: RequestHead): void {
    if (!this.#active.has(id)) return;
    const scope = /\/\d{8}\/([\w-]+)\/([\w-]+)\/aws4_request/.exec(head.headers['authorization'] ?? '');
    this.#used.set(id, { atMs: this.#clock.now(), region: scope?.[1] ?? 'N/A', service: scope?.[2] ?? 'N/A' });
  }
}

const infoOf = (key: StoredKey): KeyInfo => without(key, 'sealedSecret');

export interface RoleName {
  readonly account: string;
  /** Without its path. */
  readonly name: string;
}

export function roleOf(arn: string): RoleName | undefined {
  const found = /^arn:[\w-]+:iam::(\d{12}):role\/(?:[\u0021-\u007e]*\/)?([\w+=,.@-]+)$/.exec(arn);
  return found === null ? undefined : { account: found[1] ?? '', name: found[2] ?? '' };
}

/** Who somebody is who has assumed a role. @throws Error for what is no role's ARN */
export function sessionOfRole(roleArn: string, sessionName: string, roleId?: string): Principal & { readonly roleArn: string } {
  const role = roleOf(roleArn);
  if (role === undefined) throw Object.assign(new Error(`${roleArn} is not the ARN of a role.`), { code: 'ROLE_ARN_INVALID' });
  return {
    account: role.account,
    arn: `arn:aws:sts::${role.account}:assumed-role/${role.name}/${sessionName}`,
    userId: `${roleId ?? derivedId('AROA', roleArn)}:${sessionName}`,
    roleArn,
  };
}
