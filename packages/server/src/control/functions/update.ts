import { invalid } from '../faults.ts';
import { attach, checkTogether } from '../layers/attach.ts';
import { arnOf, qualifiedArn, unqualified, type Scope } from '../names.ts';
import type { Desk } from '../records/desk.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import { artifactsOf, checkSigned } from '../signing/enforce.ts';
import { publish } from '../versions/publish.ts';
import { takeCode } from './code-source.ts';
import { describe } from './configuration.ts';
import { checkChangeable, find } from './find.ts';
import { fingerprint } from './fingerprint.ts';
import { creating } from './preparation.ts';
import { latest, type Configuration, type FunctionRecord, type VersionRecord } from './record.ts';
import { checkRuntime } from './runtimes.ts';
import { configured } from './settings.ts';
import { checkStorage } from './storage-use.ts';
import { tellOfUnapplied } from './vpc.ts';

export function updateFunctions(room: Room): Operations<'UpdateFunctionCode' | 'UpdateFunctionConfiguration'> {
  return {
    /** @source spec 1.2-16, 1.2-17, 1.4-08 */
    async UpdateFunctionCode(input, call) {
      const scope = scopeOf(call);
      const functionName = unqualified(input.FunctionName ?? '', scope);
      const { record: before, fn: known } = find(room.shelf.desk(scope), scope, { functionName });
      const { packageType } = before.configuration;
      if ((packageType === 'Image') !== (input.ImageUri !== undefined))
        throw invalid(
          packageType === 'Image'
            ? 'Please provide ImageUri when updating a function with packageType Image.'
            : "Please don't provide ImageUri when updating a function with packageType Zip.",
        );
      checkChangeable(scope, functionName, before, input.RevisionId);
      const code = await takeCode(room, scope, call, input, input.Architectures?.[0] ?? before.configuration.architecture);
      const recoded = (record: VersionRecord): Configuration => ({
        ...record.configuration,
        code,
        architecture: input.Architectures?.[0] ?? record.configuration.architecture,
      });
      const signed = (desk: Desk, { codeSigningConfigArn: configArn }: FunctionRecord): void =>
        checkSigned(room, desk, scope, { functionName, configArn, artifacts: artifactsOf(functionName, code, []) });
      if (input.DryRun === true) {
        const configuration = recoded(before);
        checkTogether(room, configuration);
        signed(room.shelf.desk(scope), known);
        return describe(
          { ...before, configuration, configSha256: fingerprint(configuration) },
          arnOf(scope, functionName),
          scope.region,
        );
      }
      const answer = await room.shelf.change(scope, (desk, change) => {
        const { fn, record } = find(desk, scope, { functionName });
        checkChangeable(scope, functionName, record, input.RevisionId);
        signed(desk, fn);
        const configuration = recoded(record);
        checkTogether(room, configuration);
        if (code.kind === 'zip') checkStorage(desk, code.sizeBytes, room.limits.codeStorageBytes);
        const updated = inProgress(room, record, configuration);
        change.put('version', functionName, latest, updated);
        return input.Publish === true || input.PublishTo !== undefined
          ? publish(room, desk, change, { fn, source: updated, moveLatestPublished: input.PublishTo !== undefined })
          : updated;
      });
      return begun(room, scope, functionName, answer);
    },

    /** @source spec 1.2-18, 1.2-19 */
    async UpdateFunctionConfiguration(input, call) {
      const scope = scopeOf(call);
      const functionName = unqualified(input.FunctionName ?? '', scope);
      const answer = await room.shelf.change(scope, (desk, change) => {
        const { fn, record } = find(desk, scope, { functionName });
        if (input.Runtime !== undefined && input.Runtime !== record.configuration.runtime)
          checkRuntime(input.Runtime, room.runtimes);
        checkChangeable(scope, functionName, record, input.RevisionId);
        const { code } = record.configuration;
        const layers = input.Layers && attach(room, scope, input.Layers, code.kind === 'zip' ? code.unzippedBytes : 0);
        const artifacts = artifactsOf(functionName, undefined, layers ?? []);
        checkSigned(room, desk, scope, { functionName, configArn: fn.codeSigningConfigArn, artifacts });
        const updated = inProgress(room, record, configured(record.configuration, input, layers, room.ports));
        change.put('version', functionName, latest, updated);
        return updated;
      });
      tellOfUnapplied(room, functionName, input.VpcConfig);
      return begun(room, scope, functionName, answer);
    },
  };
}

/** What worked before goes on serving; an update that changes nothing keeps the incarnation, and with it the warm environments. */
function inProgress(room: Room, record: VersionRecord, configuration: Configuration): VersionRecord {
  const configSha256 = fingerprint(configuration);
  const same = configSha256 === record.configSha256;
  const { stateReason: _reason, ...rest } = record;
  return {
    ...rest,
    // The same list, not an equal one: folders are remembered by it.
    configuration: same ? record.configuration : configuration,
    configSha256,
    incarnation: same ? record.incarnation : room.random.uuid(),
    serving: record.serving ?? { configuration: record.configuration, incarnation: record.incarnation },
    ...(record.state === 'Inactive' ? { state: 'Pending', stateReason: creating } : {}),
    lastUpdate: { status: 'InProgress', reason: creating },
    revisionId: room.random.uuid(),
    modifiedAt: room.clock.now(),
  };
}

function begun(room: Room, scope: Scope, functionName: string, answer: VersionRecord): ReturnType<typeof describe> {
  room.preparation.begin(scope, functionName, latest);
  if (answer.version !== latest) room.preparation.begin(scope, functionName, answer.version);
  return describe(
    answer,
    qualifiedArn(scope, functionName, answer.version === latest ? undefined : answer.version),
    scope.region,
  );
}
