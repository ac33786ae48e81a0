import type { Handlers, SecretsManagerOperations } from '@mayfly/wire';
import { pageOf, scopeOf, without, isJson } from '../kit/index.ts';
import { lists } from './lists.ts';
import { newPassword } from './password.ts';
import type { SecretRecord } from './records.ts';
import { stagesOf, withStages } from './stages.ts';
import { badParameter, badRequest, exists, notFound, type Vault } from './vault.ts';

export type SecretHandlers = Partial<Handlers<SecretsManagerOperations>>;

const dayMs = 86_400_000;
/** Ours: they are in memory. */
const mostSecrets = 50_000;
const mostTags = 50;

export function secretHandlers(vault: Vault) {
  const { records } = vault;
  /** What the SDKs send by themselves. */
  const tokenOf = (token: string | undefined): string => token ?? vault.random.uuid();
  const tagsOf = (
    tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined,
  ): Record<string, string> => Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));

  return {
    async CreateSecret(input, call) {
      const name = input.Name ?? '';
      const scope = scopeOf(call);
      if (input.AddReplicaRegions !== undefined && input.AddReplicaRegions.length > 0)
        throw badParameter('Replicas in other regions are not supported.');
      const id = tokenOf(input.ClientRequestToken);
      const hasValue = input.SecretString !== undefined || input.SecretBinary !== undefined;
      const secret = await records.change((draft) => {
        const known = draft.get('secret', scope, name);
        if (known?.deletedAt !== undefined) {
          throw badRequest("You can't create this secret because a secret with this name is already scheduled for deletion.");
        }
        if (known !== undefined) {
          // The same call again is the same secret.
          if (hasValue && known.versions.some((version) => version.id === id) && vault.withVersion(known, id, input) === known)
            return known;
          throw exists(`The operation failed because the secret ${name} already exists.`);
        }
        if (draft.count('secret', scope) >= mostSecrets) throw badRequest('You have reached the maximum number of secrets.');
        const bare: SecretRecord = {
          ...vault.bare(call, name),
          ...(input.Description === undefined ? {} : { description: input.Description }),
          ...(input.KmsKeyId === undefined ? {} : { kmsKeyId: input.KmsKeyId }),
          tags: tagsOf(input.Tags),
        };
        const made = hasValue ? vault.withVersion(bare, id, input) : bare;
        draft.put('secret', scope, name, made);
        return made;
      });
      return { ARN: secret.arn, Name: name, ...(hasValue ? { VersionId: id } : {}) };
    },

    async GetSecretValue(input, call) {
      const secret = vault.find(records, call, input.SecretId);
      const { version, value } = vault.read(secret, { id: input.VersionId, stage: input.VersionStage });
      return {
        ARN: secret.arn,
        Name: secret.name,
        VersionId: version.id,
        ...value,
        VersionStages: [...version.stages],
        CreatedDate: new Date(version.createdAt),
      };
    },

    async PutSecretValue(input, call) {
      const id = tokenOf(input.ClientRequestToken);
      const secret = await vault.edit(call, input.SecretId, (known) => vault.withVersion(known, id, input, input.VersionStages));
      const stages = secret.versions.find((version) => version.id === id)?.stages ?? [];
      return { ARN: secret.arn, Name: secret.name, VersionId: id, VersionStages: [...stages] };
    },

    async UpdateSecret(input, call) {
      const id = tokenOf(input.ClientRequestToken);
      const hasValue = input.SecretString !== undefined || input.SecretBinary !== undefined;
      const secret = await vault.edit(call, input.SecretId, (known) => {
        const changed: SecretRecord = {
          ...known,
          ...(input.Description === undefined ? {} : { description: input.Description }),
          ...(input.KmsKeyId === undefined ? {} : { kmsKeyId: input.KmsKeyId }),
          changedAt: vault.nowMs(),
        };
        return hasValue ? vault.withVersion(changed, id, input) : changed;
      });
      return { ARN: secret.arn, Name: secret.name, ...(hasValue ? { VersionId: id } : {}) };
    },

    async UpdateSecretVersionStage(input, call) {
      const stage = input.VersionStage ?? '';
      const secret = await vault.edit(call, input.SecretId, (known) => {
        const holder = known.versions.find(({ stages }) => stages.includes(stage));
        const { MoveToVersionId: to, RemoveFromVersionId: from } = input;
        if (to !== undefined && !known.versions.some(({ id }) => id === to))
          throw notFound(`Secrets Manager can't find the specified secret value for VersionId: ${to}`);
        if (holder !== undefined && holder.id !== to && holder.id !== from) {
          throw badParameter(
            `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`,
          );
        }
        if (to !== undefined) return { ...known, versions: withStages(known.versions, to, [stage]), changedAt: vault.nowMs() };
        return {
          ...known,
          versions: known.versions.map((each) =>
            each.id === from ? { ...each, stages: each.stages.filter((name) => name !== stage) } : each,
          ),
        };
      });
      return { ARN: secret.arn, Name: secret.name };
    },

    async DescribeSecret(input, call) {
      const secret = vault.find(records, call, input.SecretId, { deleted: true });
      return { ...lists.entry(secret), VersionIdsToStages: stagesOf(secret) };
    },

    async ListSecrets(input, call) {
      const found = records
        .list('secret', scopeOf(call))
        .filter(({ deletedAt }) => deletedAt === undefined || input.IncludePlannedDeletion === true)
        .filter((secret) => (input.Filters ?? []).every((filter) => lists.passes(secret, filter)));
      const page = pageOf(found, {
        limit: input.MaxResults ?? 100,
        token: input.NextToken,
        nameOf: ({ name }) => name,
        invalid: () => badParameter('Invalid NextToken.'),
      });
      return {
        SecretList: page.items.map((secret) => ({ ...lists.entry(secret), SecretVersionsToStages: stagesOf(secret) })),
        ...(page.next === undefined ? {} : { NextToken: page.next }),
      };
    },

    async ListSecretVersionIds(input, call) {
      const secret = vault.find(records, call, input.SecretId, { deleted: true });
      const versions = secret.versions.filter(({ stages }) => stages.length > 0 || input.IncludeDeprecated === true);
      return {
        ARN: secret.arn,
        Name: secret.name,
        Versions: versions.map(({ id, stages, createdAt }) => ({
          VersionId: id,
          VersionStages: [...stages],
          CreatedDate: new Date(createdAt),
        })),
      };
    },

    async BatchGetSecretValue(input, call) {
      const wanted =
        input.SecretIdList ??
        records
          .list('secret', scopeOf(call))
          .filter(
            (secret) => secret.deletedAt === undefined && (input.Filters ?? []).every((filter) => lists.passes(secret, filter)),
          )
          .slice(0, input.MaxResults ?? 20)
          .map(({ name }) => name);
      const SecretValues: object[] = [];
      const Errors: { SecretId: string; ErrorCode: string; Message: string }[] = [];
      for (const id of wanted) {
        try {
          const secret = vault.find(records, call, id);
          const { version, value } = vault.read(secret, {});
          SecretValues.push({
            ARN: secret.arn,
            Name: secret.name,
            VersionId: version.id,
            ...value,
            VersionStages: [...version.stages],
            CreatedDate: new Date(version.createdAt),
          });
        } catch (error) {
          if (!(error instanceof Error) || !/^(ResourceNotFound|InvalidRequest)/.test(error.name)) throw error;
          Errors.push({ SecretId: id, ErrorCode: error.name, Message: error.message });
        }
      }
      return { SecretValues, Errors };
    },

    async DeleteSecret(input, call) {
      const { RecoveryWindowInDays: days, ForceDeleteWithoutRecovery: force } = input;
      if (force === true && days !== undefined) {
        throw badParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
      }
      if (days !== undefined && (days < 7 || days > 30))
        throw badParameter('The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).');
      const now = vault.nowMs();
      if (force === true) {
        const secret = await records.change((draft) => {
          const known = vault.find(draft, call, input.SecretId, { deleted: true });
          draft.delete('secret', scopeOf(call), known.name);
          return known;
        });
        return { ARN: secret.arn, Name: secret.name, DeletionDate: new Date(now) };
      }
      const secret = await vault.edit(call, input.SecretId, (known) => ({
        ...known,
        deletedAt: now,
        purgeAt: now + (days ?? 30) * dayMs,
      }));
      return { ARN: secret.arn, Name: secret.name, DeletionDate: new Date(secret.purgeAt ?? now) };
    },
    async RestoreSecret(input, call) {
      const secret = await vault.edit(call, input.SecretId, (known) => without(without(known, 'deletedAt'), 'purgeAt'), {
        deleted: true,
      });
      return { ARN: secret.arn, Name: secret.name };
    },

    async TagResource(input, call) {
      await vault.edit(call, input.SecretId, (known) => {
        const tags = { ...known.tags, ...tagsOf(input.Tags) };
        if (Object.keys(tags).length > mostTags) throw badParameter(`A secret can have at most ${mostTags} tags.`);
        return { ...known, tags };
      });
      return {};
    },
    async UntagResource(input, call) {
      await vault.edit(call, input.SecretId, (known) => ({
        ...known,
        tags: Object.fromEntries(Object.entries(known.tags).filter(([key]) => input.TagKeys?.includes(key) !== true)),
      }));
      return {};
    },

    async GetResourcePolicy(input, call) {
      const secret = vault.find(records, call, input.SecretId, { deleted: true });
      return { ARN: secret.arn, Name: secret.name, ...(secret.policy === undefined ? {} : { ResourcePolicy: secret.policy }) };
    },
    async PutResourcePolicy(input, call) {
      if (!isJson(input.ResourcePolicy ?? '')) throw badParameter('The resource policy is not valid JSON.');
      const secret = await vault.edit(call, input.SecretId, (known) => ({ ...known, policy: input.ResourcePolicy ?? '' }));
      return { ARN: secret.arn, Name: secret.name };
    },
    async DeleteResourcePolicy(input, call) {
      const secret = await vault.edit(call, input.SecretId, (known) => without(known, 'policy'));
      return { ARN: secret.arn, Name: secret.name };
    },

    GetRandomPassword: async (input) => ({ RandomPassword: newPassword(input, vault.random) }),
  } satisfies SecretHandlers;
}
