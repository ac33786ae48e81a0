import type { Call } from '@mayfly/wire';
import { ServiceFault } from '@mayfly/wire';
import { pageOf, without, isJson } from '../kit/index.ts';
import { noRepository, notEmpty } from './faults.ts';
import type { EcrHandlers } from './open.ts';
import { scopeOfHome, type Home, type RepositoryRecord } from './records.ts';
import type { Registry } from './registry.ts';
import type { Tokens } from './tokens.ts';

/** One's own registry; those of other accounts are not opened by any policy yet. */
export function homeOf({ account, region, operation, caller }: Call, registryId?: string): Home {
  if (registryId === undefined || registryId === account) return { account, region };
  const who = caller.kind === 'signed' ? caller.arn : 'anonymous';
  const resource = `arn:aws:ecr:${region}:${registryId}:repository/*`;
  throw new ServiceFault(
    'AccessDeniedException',
    `User: ${who} is not authorized to perform: ecr:${operation} on resource: ${resource}`,
  );
}
export const badToken = (): ServiceFault => new ServiceFault('InvalidParameterException', "Invalid parameter at 'nextToken'");

const uriOf = ({ account, region }: Home, name: string): string => `${account}.dkr.ecr.${region}.amazonaws.com/${name}`;

const arnOf = ({ account, region }: Home, name: string): string => `arn:aws:ecr:${region}:${account}:repository/${name}`;

export function repositoryHandlers(registry: Registry, tokens: Tokens) {
  const { records } = registry;

  const edit = (home: Home, name: string, work: (record: RepositoryRecord) => RepositoryRecord): Promise<RepositoryRecord> =>
    records.change((draft) => {
      const record = draft.get('repository', scopeOfHome(home), name);
      if (record === undefined) throw noRepository(name, home.account);
      const changed = work(record);
      draft.put('repository', scopeOfHome(home), name, changed);
      return changed;
    });

  const editByArn = (
    call: Call,
    arn: string | undefined,
    work: (record: RepositoryRecord) => RepositoryRecord,
  ): Promise<RepositoryRecord> => edit(homeOf(call), nameOf(arn), work);

  return {
    GetAuthorizationToken: async (_input, call) => {
      const { token, expiresAt } = tokens.issue(homeOf(call));
      return { authorizationData: [{ authorizationToken: token, expiresAt: new Date(expiresAt), proxyEndpoint: call.origin }] };
    },

    CreateRepository: async (input, call) => {
      const home = homeOf(call, input.registryId);
      const record = await registry.createRepository(home, input.repositoryName ?? '', {
        tagMutability: input.imageTagMutability?.startsWith('IMMUTABLE') === true ? 'IMMUTABLE' : 'MUTABLE',
        scanOnPush: input.imageScanningConfiguration?.scanOnPush ?? false,
        tags: Object.fromEntries((input.tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
      });
      return { repository: shown(home, record) };
    },

    DeleteRepository: async (input, call) => {
      const home = homeOf(call, input.registryId);
      const name = input.repositoryName ?? '';
      const record = await registry.deleteRepository(home, name, (isEmpty) => {
        if (!isEmpty && input.force !== true) throw notEmpty(name, home.account);
      });
      return { repository: shown(home, record) };
    },

    DescribeRepositories: async (input, call) => {
      const home = homeOf(call, input.registryId);
      if (input.repositoryNames !== undefined)
        return { repositories: input.repositoryNames.map((name) => shown(home, registry.repository(home, name))) };
      const page = pageOf(records.list('repository', scopeOfHome(home)), {
        limit: input.maxResults ?? 100,
        token: input.nextToken,
        nameOf: ({ name }) => name,
        invalid: badToken,
      });
      return {
        repositories: page.items.map((record) => shown(home, record)),
        ...(page.next === undefined ? {} : { nextToken: page.next }),
      };
    },

    PutImageTagMutability: async (input, call) => {
      const home = homeOf(call, input.registryId);
      const tagMutability = input.imageTagMutability?.startsWith('IMMUTABLE') === true ? 'IMMUTABLE' : 'MUTABLE';
      await edit(home, input.repositoryName ?? '', (record) => ({ ...record, tagMutability }));
      return { registryId: home.account, repositoryName: input.repositoryName, imageTagMutability: tagMutability };
    },

    PutImageScanningConfiguration: async (input, call) => {
      const home = homeOf(call, input.registryId);
      const scanOnPush = input.imageScanningConfiguration?.scanOnPush ?? false;
      await edit(home, input.repositoryName ?? '', (record) => ({ ...record, scanOnPush }));
      return { registryId: home.account, repositoryName: input.repositoryName, imageScanningConfiguration: { scanOnPush } };
    },

    SetRepositoryPolicy: async (input, call) => {
      const home = homeOf(call, input.registryId);
      const policy = input.policyText ?? '';
      if (!isJson(policy))
        throw new ServiceFault(
          'InvalidParameterException',
          "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid JSON syntax'",
        );
      await edit(home, input.repositoryName ?? '', (record) => ({ ...record, policy }));
      return { registryId: home.account, repositoryName: input.repositoryName, policyText: policy };
    },
    GetRepositoryPolicy: async (input, call) => {
      const home = homeOf(call, input.registryId);
      const { name, policy } = registry.repository(home, input.repositoryName ?? '');
      if (policy === undefined) throw noPolicy('RepositoryPolicyNotFoundException', 'Repository policy', name, home);
      return { registryId: home.account, repositoryName: name, policyText: policy };
    },
    DeleteRepositoryPolicy: async (input, call) => {
      const home = homeOf(call, input.registryId);
      const { name, policy } = registry.repository(home, input.repositoryName ?? '');
      if (policy === undefined) throw noPolicy('RepositoryPolicyNotFoundException', 'Repository policy', name, home);
      await edit(home, name, (record) => without(record, 'policy'));
      return { registryId: home.account, repositoryName: name, policyText: policy };
    },

    PutLifecyclePolicy: async (input, call) => {
      const home = homeOf(call, input.registryId);
      const lifecyclePolicy = input.lifecyclePolicyText ?? '';
      if (!isJson(lifecyclePolicy))
        throw new ServiceFault(
          'InvalidParameterException',
          "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure'",
        );
      await edit(home, input.repositoryName ?? '', (record) => ({
        ...record,
        lifecyclePolicy,
        lifecycleChangedAt: registry.now(),
      }));
      return { registryId: home.account, repositoryName: input.repositoryName, lifecyclePolicyText: lifecyclePolicy };
    },
    GetLifecyclePolicy: async (input, call) => {
      const home = homeOf(call, input.registryId);
      const { name, lifecyclePolicy, lifecycleChangedAt } = registry.repository(home, input.repositoryName ?? '');
      if (lifecyclePolicy === undefined) throw noPolicy('LifecyclePolicyNotFoundException', 'Lifecycle policy', name, home);
      return {
        registryId: home.account,
        repositoryName: name,
        lifecyclePolicyText: lifecyclePolicy,
        lastEvaluatedAt: new Date(lifecycleChangedAt ?? 0),
      };
    },
    DeleteLifecyclePolicy: async (input, call) => {
      const home = homeOf(call, input.registryId);
      const { name, lifecyclePolicy, lifecycleChangedAt } = registry.repository(home, input.repositoryName ?? '');
      if (lifecyclePolicy === undefined) throw noPolicy('LifecyclePolicyNotFoundException', 'Lifecycle policy', name, home);
      await edit(home, name, (record) => without(without(record, 'lifecyclePolicy'), 'lifecycleChangedAt'));
      return {
        registryId: home.account,
        repositoryName: name,
        lifecyclePolicyText: lifecyclePolicy,
        lastEvaluatedAt: new Date(lifecycleChangedAt ?? 0),
      };
    },

    TagResource: async (input, call) => {
      const more = Object.fromEntries((input.tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));
      await editByArn(call, input.resourceArn, (record) => {
        const tags = { ...record.tags, ...more };
        if (Object.keys(tags).length > mostTags)
          throw new ServiceFault('TooManyTagsException', `A repository can have at most ${mostTags} tags.`);
        return { ...record, tags };
      });
      return {};
    },
    UntagResource: async (input, call) => {
      await editByArn(call, input.resourceArn, (record) => ({
        ...record,
        tags: Object.fromEntries(Object.entries(record.tags).filter(([key]) => input.tagKeys?.includes(key) !== true)),
      }));
      return {};
    },
    ListTagsForResource: async (input, call) => {
      const { tags } = registry.repository(homeOf(call), nameOf(input.resourceArn));
      return { tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
    },
  } satisfies EcrHandlers;
}

const mostTags = 50;

const nameOf = (arn: string | undefined): string => {
  const name = /^arn:aws[a-z-]*:ecr:[^:]*:[^:]*:repository\/(.+)$/.exec(arn ?? '')?.[1];
  if (name === undefined)
    throw new ServiceFault(
      'InvalidParameterException',
      "Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN'",
    );
  return name;
};

const noPolicy = (code: string, what: string, name: string, { account }: Home): ServiceFault =>
  new ServiceFault(code, `${what} does not exist for the repository with name '${name}' in the registry with id '${account}'`);

const shown = (home: Home, record: RepositoryRecord) => ({
  repositoryArn: arnOf(home, record.name),
  registryId: home.account,
  repositoryName: record.name,
  repositoryUri: uriOf(home, record.name),
  createdAt: new Date(record.createdAt),
  imageTagMutability: record.tagMutability,
  imageScanningConfiguration: { scanOnPush: record.scanOnPush },
  encryptionConfiguration: { encryptionType: 'AES256' as const },
});
