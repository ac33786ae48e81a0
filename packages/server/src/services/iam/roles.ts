import { without } from '../kit/index.ts';
import { bounds } from './bounds.ts';
import { checkTrustPolicy } from './checks.ts';
import { checkArn, encodeDocument, findPolicy, missing, withTags, type Directory } from './directory.ts';
import { conflict, invalidInput, noSuch, type IamHandlers } from './faults.ts';
import { pageIn, tagList } from './pages.ts';
import type { RoleRecord } from './records.ts';
import { linkedRoles } from './service-linked.ts';

const defaultSessionS = 3_600;

export function roleHandlers(directory: Directory) {
  return {
    async CreateRole(input, call) {
      checkTrustPolicy(input.AssumeRolePolicyDocument ?? '', bounds.trustPolicy);
      const { PermissionsBoundary: boundary } = input;
      if (boundary !== undefined) {
        checkArn(boundary);
        if (findPolicy(directory.records, call, boundary) === undefined)
          throw noSuch(`Scope ARN: ${boundary} does not exist or is not attachable.`);
      }
      const role: RoleRecord = {
        ...directory.identity('role', call, input.RoleName, input.Path),
        trust: input.AssumeRolePolicyDocument ?? '',
        ...(input.Description === undefined ? {} : { description: input.Description }),
        maxSessionS: input.MaxSessionDuration ?? defaultSessionS,
        tags: withTags({}, input.Tags),
        inline: {},
        attached: [],
        ...(boundary === undefined ? {} : { boundary }),
      };
      await directory.create('role', call, role, `Role with name ${role.name} already exists.`);
      const { MaxSessionDuration: _, Description, ...shown } = describe(role);
      return { Role: { ...shown, ...(Description === undefined ? {} : { Description }), ...extras(role) } };
    },

    GetRole: async (input, call) => {
      const role = directory.get('role', call, input.RoleName);
      return { Role: { ...describe(role), ...extras(role), RoleLastUsed: {} } };
    },

    ListRoles: async (input, call) => {
      const page = pageIn(directory.list('role', call, input.PathPrefix), input, ({ name }) => name);
      return { Roles: page.items.map(describe), ...page.more };
    },

    async UpdateRole(input, call) {
      await directory.edit('role', call, input.RoleName, (role) => ({
        ...without(role, 'description'),
        ...(input.Description === undefined ? {} : { description: input.Description }),
        maxSessionS: input.MaxSessionDuration ?? defaultSessionS,
      }));
      return {};
    },
    async UpdateRoleDescription(input, call) {
      await directory.edit('role', call, input.RoleName, (role) => ({ ...role, description: input.Description ?? '' }));
      return { Role: describe(directory.get('role', call, input.RoleName)) };
    },
    async UpdateAssumeRolePolicy(input, call) {
      checkTrustPolicy(input.PolicyDocument ?? '', bounds.trustPolicy);
      await directory.edit('role', call, input.RoleName, (role) => ({ ...role, trust: input.PolicyDocument ?? '' }));
      return {};
    },

    async DeleteRole(input, call) {
      await directory.records.change((draft) => {
        const role = draft.get('role', call.account, input.RoleName ?? '');
        if (role === undefined) throw missing('role', input.RoleName);
        if (draft.list('profile', call.account).some(({ roles }) => roles.includes(role.name))) {
          throw conflict('Cannot delete entity, must remove roles from instance profile first.');
        }
        if (role.attached.length > 0) throw conflict('Cannot delete entity, must detach all policies first.');
        if (Object.keys(role.inline).length > 0) throw conflict('Cannot delete entity, must delete policies first.');
        draft.delete('role', call.account, role.name);
      });
      return {};
    },

    async CreateServiceLinkedRole(input, call) {
      const service = input.AWSServiceName ?? '';
      const known = linkedRoles[service];
      if (input.CustomSuffix !== undefined && known?.suffix !== true && /^[a-z0-9.-]+\.amazonaws\.com$/.test(service)) {
        throw invalidInput(`Custom suffix is not allowed for ${service}`);
      }
      if (known === undefined) throw invalidInput('Service role name is not valid or is not supported.');
      const name = known.role + (input.CustomSuffix === undefined ? '' : `_${input.CustomSuffix}`);
      const path = `/aws-service-role/${service}/`;
      const role: RoleRecord = {
        ...directory.identity('role', call, name, path),
        trust: linkedTrust('sts:AssumeRole', service),
        ...(input.Description === undefined ? {} : { description: input.Description }),
        maxSessionS: defaultSessionS,
        tags: {},
        inline: {},
        attached: known.policy === undefined ? [] : [`arn:aws:iam::aws:policy/aws-service-role/${known.policy}`],
      };
      const taken = `Service role name ${name} has been taken in this account, please try a different suffix.`;
      await directory.create('role', call, role, taken).catch((error: Error) => {
        throw error.name === 'EntityAlreadyExists' ? invalidInput(taken) : error;
      });
      // The answer to the creation has lists where later ones have texts, as recorded and documented.
      const { MaxSessionDuration: _, ...shown } = describe({ ...role, trust: linkedTrust(['sts:AssumeRole'], [service]) });
      return { Role: shown };
    },

    async DeleteServiceLinkedRole(input, call) {
      const role = directory.get('role', call, input.RoleName);
      if (!role.path.startsWith('/aws-service-role/')) throw noSuch(`The role with name ${input.RoleName} cannot be found.`);
      await directory.records.change((draft) => draft.delete('role', call.account, role.name));
      return { DeletionTaskId: `task${role.path}${role.name}/${role.id}` };
    },
    // Nothing of ours still uses the role, so the task is done when it is given.
    GetServiceLinkedRoleDeletionStatus: async () => ({ Status: 'SUCCEEDED' }),

    PutRolePolicy: async (input, call) => {
      await directory.putInline('role', call, input.RoleName, input.PolicyName, input.PolicyDocument);
      return {};
    },
    GetRolePolicy: async (input, call) => ({
      RoleName: input.RoleName,
      PolicyName: input.PolicyName,
      PolicyDocument: directory.getInline('role', call, input.RoleName, input.PolicyName),
    }),
    DeleteRolePolicy: async (input, call) => {
      await directory.deleteInline('role', call, input.RoleName, input.PolicyName);
      return {};
    },
    ListRolePolicies: async (input, call) => directory.listInline('role', call, input.RoleName, input),
    AttachRolePolicy: async (input, call) => {
      await directory.attach('role', call, input.RoleName, input.PolicyArn);
      return {};
    },
    DetachRolePolicy: async (input, call) => {
      await directory.detach('role', call, input.RoleName, input.PolicyArn);
      return {};
    },
    ListAttachedRolePolicies: async (input, call) => directory.listAttached('role', call, input.RoleName, input),
    PutRolePermissionsBoundary: async (input, call) => {
      await directory.setBoundary('role', call, input.RoleName, input.PermissionsBoundary);
      return {};
    },
    DeleteRolePermissionsBoundary: async (input, call) => {
      await directory.setBoundary('role', call, input.RoleName, undefined);
      return {};
    },
    TagRole: async (input, call) => {
      await directory.tag('role', call, input.RoleName, input.Tags);
      return {};
    },
    UntagRole: async (input, call) => {
      await directory.untag('role', call, input.RoleName, input.TagKeys);
      return {};
    },
    ListRoleTags: async (input, call) => directory.listTags(directory.get('role', call, input.RoleName).tags, input),
  } satisfies IamHandlers;
}

/** What a list shows; a single role shows its tags and boundary too. */
export const describe = (role: RoleRecord) => ({
  Path: role.path,
  RoleName: role.name,
  RoleId: role.id,
  Arn: role.arn,
  CreateDate: new Date(role.createdAt),
  AssumeRolePolicyDocument: encodeDocument(role.trust),
  ...(role.description === undefined ? {} : { Description: role.description }),
  MaxSessionDuration: role.maxSessionS,
});

export const extras = ({ boundary, tags }: Pick<RoleRecord, 'boundary' | 'tags'>) => ({
  ...(boundary === undefined
    ? {}
    : { PermissionsBoundary: { PermissionsBoundaryType: boundaryType, PermissionsBoundaryArn: boundary } }),
  ...(Object.keys(tags).length === 0 ? {} : { Tags: tagList(tags) }),
});

/** What IAM answers; the model has another word for it. */
const boundaryType = 'Policy' as 'PermissionsBoundaryPolicy';

const linkedTrust = (Action: string | readonly string[], Service: string | readonly string[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Action, Effect: 'Allow', Principal: { Service } }] });
