import type { LambdaOperations } from '@mayfly/wire';
import { compact } from '../compact.ts';
import { conflict, notFound, relayed } from '../faults.ts';
import { arnOf, type Scope } from '../names.ts';
import { page } from '../pages.ts';
import type { Desk } from '../records/desk.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import { checkTags } from '../tags/checks.ts';
import { plusZero } from '../times.ts';
import { codeSigningArn, codeSigningConfig } from './enforce.ts';
import type { CodeSigningRecord } from './record.ts';

type Shown = NonNullable<LambdaOperations['GetCodeSigningConfig']['output']['CodeSigningConfig']>;

/** @source spec 1.9 */
export function codeSigningConfigs(
  room: Room,
): Operations<
  | 'CreateCodeSigningConfig'
  | 'GetCodeSigningConfig'
  | 'ListCodeSigningConfigs'
  | 'UpdateCodeSigningConfig'
  | 'DeleteCodeSigningConfig'
  | 'ListFunctionsByCodeSigningConfig'
> {
  return {
    async CreateCodeSigningConfig(input, call) {
      const scope = scopeOf(call);
      checkTags(input.Tags);
      const record = compact<CodeSigningRecord>({
        id: newId(room),
        description: input.Description ?? '',
        profileVersionArns: input.AllowedPublishers?.SigningProfileVersionArns ?? [],
        untrusted: input.CodeSigningPolicies?.UntrustedArtifactOnDeployment ?? 'Warn',
        tags: { ...input.Tags },
        modifiedAt: room.clock.now(),
      });
      await room.shelf.change(scope, (_desk, change) => change.put('codeSigning', record.id, '', record));
      return { CodeSigningConfig: show(scope, record) };
    },

    async GetCodeSigningConfig(input, call) {
      const scope = scopeOf(call);
      return { CodeSigningConfig: show(scope, found(room.shelf.desk(scope), scope, input.CodeSigningConfigArn)) };
    },

    async ListCodeSigningConfigs(input, call) {
      const scope = scopeOf(call);
      const desk = room.shelf.desk(scope);
      const { rows, ...rest } = page(desk.names('codeSigning'), (id) => id, input);
      const records = rows.flatMap((id) => desk.get('codeSigning', id) ?? []);
      return { CodeSigningConfigs: records.map((record) => show(scope, record)), ...rest };
    },

    async UpdateCodeSigningConfig(input, call) {
      const scope = scopeOf(call);
      const record = await room.shelf.change(scope, (desk, change) => {
        const before = found(desk, scope, input.CodeSigningConfigArn);
        const next = compact<CodeSigningRecord>({
          ...before,
          description: input.Description ?? before.description,
          profileVersionArns: input.AllowedPublishers?.SigningProfileVersionArns ?? before.profileVersionArns,
          untrusted: input.CodeSigningPolicies?.UntrustedArtifactOnDeployment ?? before.untrusted,
          modifiedAt: room.clock.now(),
        });
        change.put('codeSigning', before.id, '', next);
        return next;
      });
      return { CodeSigningConfig: show(scope, record) };
    },

    async DeleteCodeSigningConfig(input, call) {
      const scope = scopeOf(call);
      await room.shelf.change(scope, (desk, change) => {
        const { id } = found(desk, scope, input.CodeSigningConfigArn);
        const users = functionsOf(desk, codeSigningArn(scope, id));
        if (users.length > 0)
          throw conflict(`The code signing configuration is in use by these functions: ${users.slice(0, 10).join(', ')}`);
        change.delete('codeSigning', id);
      });
      return {};
    },

    async ListFunctionsByCodeSigningConfig(input, call) {
      const scope = scopeOf(call);
      const desk = room.shelf.desk(scope);
      const { id } = found(desk, scope, input.CodeSigningConfigArn);
      const { rows, ...rest } = page(functionsOf(desk, codeSigningArn(scope, id)), (name) => name, input);
      return { FunctionArns: rows.map((name) => arnOf(scope, name)), ...rest };
    },
  };
}

const functionsOf = (desk: Desk, arn: string): string[] =>
  desk.names('function').filter((name) => desk.get('function', name)?.codeSigningConfigArn === arn);

function found(desk: Desk, scope: Scope, arn = ''): CodeSigningRecord {
  const record = codeSigningConfig(desk, scope, arn);
  if (record === undefined) throw relayed(notFound(`The Lambda code signing configuration ${arn} can not be found.`));
  return record;
}

const show = (scope: Scope, record: CodeSigningRecord): Shown =>
  compact<Shown>({
    CodeSigningConfigId: record.id,
    CodeSigningConfigArn: codeSigningArn(scope, record.id),
    Description: record.description,
    AllowedPublishers: { SigningProfileVersionArns: [...record.profileVersionArns] },
    CodeSigningPolicies: { UntrustedArtifactOnDeployment: record.untrusted },
    LastModified: plusZero(record.modifiedAt),
  });

const alphabet = '0123456789abcdef';
const newId = (room: Room): string => `csc-${Array.from(room.random.bytes(17), (byte) => alphabet[byte % 16]).join('')}`;
