import type { Clock, Random } from '../../base/index.ts';
import { uniqueId, type RecordDraft } from '../kit/index.ts';
import { managedPolicy } from './aws-managed/index.ts';
import { bounds } from './bounds.ts';
import { checkIdentityPolicy, sizeOf } from './checks.ts';
import { exists, invalid, noSuch, tooMany } from './faults.ts';
import { pageIn, tagList, tagsOf, type PageInput, type TagList } from './pages.ts';
import type { Entity, EntityKind, IamKinds, IamRecords, PolicyRecord } from './records.ts';

const quotas = { role: 'PoliciesPerRole', user: 'PoliciesPerUser', group: 'PoliciesPerGroup' } as const;
const prefixes = { role: 'AROA', user: 'AIDA', group: 'AGPA', policy: 'ANPA', profile: 'AIPA' } as const;
const most = {
  role: bounds.roles,
  user: bounds.users,
  group: bounds.groups,
  policy: bounds.policies,
  profile: bounds.profiles,
} as const;

export interface Account {
  readonly account: string;
}

type Draft = RecordDraft<IamKinds>;
export type Named = 'role' | 'user' | 'group' | 'policy' | 'profile';

/** Roles, users and groups by name, and the policies they hold. */
export class Directory {
  readonly records: IamRecords;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(options: { readonly records: IamRecords; readonly clock: Clock; readonly random: Random }) {
    this.records = options.records;
    this.#clock = options.clock;
    this.#random = options.random;
  }

  /** @throws NoSuchEntity */
  get<Kind extends EntityKind>(kind: Kind, { account }: Account, name: string | undefined): Readonly<IamKinds[Kind]> {
    const found = this.records.get(kind, account, name ?? '');
    if (found === undefined) throw missing(kind, name);
    return found;
  }

  /** Without a name it is whoever calls; undefined for the root of the account. */
  userNameOf(
    name: string | undefined,
    call: { readonly caller: { readonly kind: string; readonly arn?: string } },
  ): string | undefined {
    return name ?? /:user\/(?:.*\/)?([^/]+)$/.exec(call.caller.arn ?? '')?.[1];
  }

  list<Kind extends Named>(
    kind: Kind,
    { account }: Account,
    pathPrefix: string | undefined,
  ): readonly Readonly<IamKinds[Kind]>[] {
    const items: readonly { readonly path: string }[] = this.records.list(kind, account);
    return items.filter(({ path }) => pathPrefix === undefined || path.startsWith(pathPrefix)) as unknown as readonly Readonly<
      IamKinds[Kind]
    >[];
  }

  /** Whole seconds: IAM tells no more. */
  nowMs(): number {
    return Math.floor(this.#clock.now() / 1_000) * 1_000;
  }

  /** The members every new thing of IAM has. */
  identity(kind: Named, { account }: Account, name: string | undefined, path: string | undefined) {
    const resource = kind === 'profile' ? 'instance-profile' : kind;
    return {
      name: name ?? '',
      path: path ?? '/',
      id: uniqueId(prefixes[kind], this.#random),
      arn: `arn:aws:iam::${account}:${resource}${path ?? '/'}${name}`,
      createdAt: this.nowMs(),
    };
  }

  /** Names differ by more than capitals. @throws EntityAlreadyExists, LimitExceeded */
  async create<Kind extends Named>(
    kind: Kind,
    { account }: Account,
    value: IamKinds[Kind] & { readonly name: string },
    taken: string,
  ): Promise<void> {
    await this.records.change((draft) => {
      const all = draft.list(kind, account) as unknown as readonly { readonly name: string }[];
      const lower = value.name.toLowerCase();
      if (all.some(({ name }) => name.toLowerCase() === lower)) throw exists(taken);
      if (all.length >= most[kind]) throw tooMany(`Cannot exceed quota for ${kind}s: ${most[kind]}`);
      draft.put(kind, account, value.name, value);
    });
  }

  /** @throws NoSuchEntity, and what `edit` throws */
  async edit<Kind extends EntityKind>(
    kind: Kind,
    { account }: Account,
    name: string | undefined,
    edit: (entity: Readonly<IamKinds[Kind]>, draft: Draft) => IamKinds[Kind],
  ): Promise<void> {
    await this.records.change((draft) => {
      const found = draft.get(kind, account, name ?? '');
      if (found === undefined) throw missing(kind, name);
      draft.put(kind, account, name ?? '', edit(found, draft));
    });
  }

  async putInline(
    kind: EntityKind,
    at: Account,
    name: string | undefined,
    policyName: string | undefined,
    document: string | undefined,
  ): Promise<void> {
    checkIdentityPolicy(document ?? '');
    await this.#editEntity(kind, at, name, (entity) => {
      const inline = { ...entity.inline, [policyName ?? '']: document ?? '' };
      const size = Object.values(inline).reduce((sum, each) => sum + sizeOf(each), 0);
      const limit = bounds.inlinePolicies[kind];
      if (size > limit) throw tooMany(`Maximum policy size of ${limit} bytes exceeded for ${kind} ${entity.name}`);
      return { ...entity, inline };
    });
  }

  getInline(kind: EntityKind, at: Account, name: string | undefined, policyName: string | undefined): string {
    const { inline } = this.get(kind, at, name) as Entity;
    const document = Object.hasOwn(inline, policyName ?? '') ? inline[policyName ?? ''] : undefined;
    if (document === undefined) throw noInline(kind, policyName);
    return encodeDocument(document);
  }

  async deleteInline(kind: EntityKind, at: Account, name: string | undefined, policyName: string | undefined): Promise<void> {
    await this.#editEntity(kind, at, name, (entity) => {
      if (!Object.hasOwn(entity.inline, policyName ?? '')) throw noInline(kind, policyName);
      return { ...entity, inline: Object.fromEntries(Object.entries(entity.inline).filter(([each]) => each !== policyName)) };
    });
  }

  listInline(kind: EntityKind, at: Account, name: string | undefined, input: PageInput) {
    const { inline } = this.get(kind, at, name) as Entity;
    const page = pageIn(Object.keys(inline).toSorted(), input, (each) => each);
    return { PolicyNames: [...page.items], ...page.more };
  }

  async attach(kind: EntityKind, at: Account, name: string | undefined, policyArn: string | undefined): Promise<void> {
    checkArn(policyArn);
    await this.#editEntity(kind, at, name, (entity, draft) => {
      if (entity.attached.includes(policyArn ?? '')) return entity;
      if (findPolicy(draft, at, policyArn) === undefined)
        throw noSuch(`Policy ${policyArn} does not exist or is not attachable.`);
      if (entity.attached.length >= bounds.attached) throw tooMany(`Cannot exceed quota for ${quotas[kind]}: ${bounds.attached}`);
      return { ...entity, attached: [...entity.attached, policyArn ?? ''] };
    });
  }

  async detach(kind: EntityKind, at: Account, name: string | undefined, policyArn: string | undefined): Promise<void> {
    checkArn(policyArn);
    await this.#editEntity(kind, at, name, (entity) => {
      if (!entity.attached.includes(policyArn ?? '')) throw noSuch(`Policy ${policyArn} was not found.`);
      return { ...entity, attached: entity.attached.filter((each) => each !== policyArn) };
    });
  }

  listAttached(
    kind: EntityKind,
    at: Account,
    name: string | undefined,
    input: PageInput & { readonly PathPrefix?: string | undefined },
  ) {
    const { attached } = this.get(kind, at, name) as Entity;
    const arns = attached.filter((arn) => input.PathPrefix === undefined || pathOf(arn).startsWith(input.PathPrefix)).toSorted();
    const page = pageIn(arns, input, (arn) => arn);
    return { AttachedPolicies: page.items.map((PolicyArn) => ({ PolicyName: nameOf(PolicyArn), PolicyArn })), ...page.more };
  }

  async setBoundary(kind: 'role' | 'user', at: Account, name: string | undefined, policyArn: string | undefined): Promise<void> {
    if (policyArn !== undefined) checkArn(policyArn);
    await this.#editEntity(kind, at, name, ({ boundary, ...entity }, draft) => {
      if (policyArn === undefined) {
        if (boundary === undefined)
          throw noSuch(`${kind === 'role' ? 'Role' : 'User'} ${name} does not have a permission boundary`);
        return entity;
      }
      if (findPolicy(draft, at, policyArn) === undefined)
        throw noSuch(`Scope ARN: ${policyArn} does not exist or is not attachable.`);
      return { ...entity, boundary: policyArn };
    });
  }

  async tag(kind: EntityKind, at: Account, name: string | undefined, tags: TagList | undefined): Promise<void> {
    await this.#editEntity(kind, at, name, (entity) => ({ ...entity, tags: withTags(entity.tags, tags) }));
  }
  async untag(kind: EntityKind, at: Account, name: string | undefined, keys: readonly string[] | undefined): Promise<void> {
    await this.#editEntity(kind, at, name, (entity) => ({ ...entity, tags: withoutTags(entity.tags, keys) }));
  }
  listTags(tags: Readonly<Record<string, string>>, input: PageInput) {
    const page = pageIn(
      tagList(tags).toSorted((a, b) => (a.Key < b.Key ? -1 : 1)),
      input,
      ({ Key }) => Key,
    );
    return { Tags: [...page.items], ...page.more };
  }

  /** What the three kinds have in common, edited; the rest of each stays as it is. */
  async #editEntity(
    kind: EntityKind,
    at: Account,
    name: string | undefined,
    edit: (entity: Entity, draft: Draft) => Entity,
  ): Promise<void> {
    await this.edit(kind, at, name, (entity, draft) => edit(entity, draft));
  }
}

/** A managed policy, AWS's or the account's own. */
export function findPolicy(records: Pick<Draft, 'get'>, { account }: Account, arn: string | undefined): PolicyRecord | undefined {
  const text = arn ?? '';
  if (text.startsWith('arn:aws:iam::aws:policy/')) return managedPolicy(text);
  const policy = records.get('policy', account, nameOf(text));
  return policy?.arn === text ? policy : undefined;
}

export const missing = (kind: EntityKind, name: string | undefined) => noSuch(`The ${kind} with name ${name} cannot be found.`);
const noInline = (kind: EntityKind, name: string | undefined) => noSuch(`The ${kind} policy with name ${name} cannot be found.`);

export function checkArn(arn: string | undefined): void {
  if (!/^arn:[\w-]+:iam::(\d{12}|aws):[\w-]+\/\S+$/.test(arn ?? '')) throw invalid(`Invalid ARN:  Could not be parsed!`);
}

export const nameOf = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1);
const pathOf = (arn: string): string => arn.slice(arn.indexOf('/'), arn.lastIndexOf('/') + 1);

/** @throws LimitExceeded */
export function withTags(tags: Readonly<Record<string, string>>, more: TagList | undefined): Record<string, string> {
  const all = { ...tags, ...tagsOf(more) };
  if (Object.keys(all).length > bounds.tags) throw tooMany(`Cannot exceed quota for TagsPerResource: ${bounds.tags}`);
  return all;
}
export const withoutTags = (
  tags: Readonly<Record<string, string>>,
  keys: readonly string[] | undefined,
): Record<string, string> => Object.fromEntries(Object.entries(tags).filter(([key]) => keys?.includes(key) !== true));

/** Documents travel percent-encoded, as RFC 3986 has it. */
export const encodeDocument = (document: string): string =>
  encodeURIComponent(document).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
