import { conflict, outOfModel, invalid } from '../faults.ts';
import { compact } from '../compact.ts';
import { attach } from '../layers/attach.ts';
import { arnOf, unqualified } from '../names.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import { artifactsOf, checkSigned, configOf, refuseImage } from '../signing/enforce.ts';
import { checkTags } from '../tags/checks.ts';
import { publish } from '../versions/publish.ts';
import { takeCode } from './code-source.ts';
import { describe } from './configuration.ts';
import { fingerprint } from './fingerprint.ts';
import { creating } from './preparation.ts';
import { latest, type CodeRecord, type Configuration, type FunctionRecord, type VersionRecord } from './record.ts';
import { checkRuntime } from './runtimes.ts';
import { configured, defaults } from './settings.ts';
import { checkStorage } from './storage-use.ts';
import { tellOfUnapplied } from './vpc.ts';

/** @source spec 1.2-01 to 1.2-05 */
export function createFunction(room: Room): Operations<'CreateFunction'> {
  return {
    async CreateFunction(input, call) {
      const scope = scopeOf(call);
      const functionName = unqualified(input.FunctionName ?? '', scope);
      checkName(functionName);
      checkTags(input.Tags);
      if (input.Runtime !== undefined) checkRuntime(input.Runtime, room.runtimes);
      const isImage = input.PackageType === 'Image';
      const configure = (code: CodeRecord, layers: Configuration['layers']): Configuration =>
        configured(
          { ...defaults(functionName, code), architecture: input.Architectures?.[0] ?? 'x86_64' },
          input,
          layers,
          room.ports,
        );
      // Everything that can be refused without the code is; an archive costs more to look at.
      configure(isImage ? noImage : noZip, attach(room, scope, input.Layers ?? [], 0));
      if (room.shelf.desk(scope).get('function', functionName) !== undefined) throw exists(functionName);
      if (isImage !== (input.Code?.ImageUri !== undefined))
        throw invalid(
          `Please ${isImage ? '' : "don't "}provide ImageUri when the function has packageType ${isImage ? 'Image' : 'Zip'}.`,
        );
      const configArn = input.CodeSigningConfigArn;
      if (configArn !== undefined) {
        refuseImage(input.PackageType ?? 'Zip');
        configOf(room.shelf.desk(scope), scope, configArn);
      }
      const code = await takeCode(room, scope, call, input.Code ?? {}, input.Architectures?.[0] ?? 'x86_64');
      const answer = await room.shelf.change(scope, (desk, change) => {
        if (desk.get('function', functionName) !== undefined) throw exists(functionName);
        const configuration = configure(
          code,
          attach(room, scope, input.Layers ?? [], code.kind === 'zip' ? code.unzippedBytes : 0),
        );
        if (code.kind === 'zip') checkStorage(desk, code.sizeBytes, room.limits.codeStorageBytes);
        const artifacts = artifactsOf(functionName, code, configuration.layers);
        checkSigned(room, desk, scope, { functionName, configArn, artifacts });
        const fn = compact<FunctionRecord>({
          functionName,
          nextVersion: 1,
          tags: { ...input.Tags },
          codeSigningConfigArn: configArn,
        });
        const record: VersionRecord = {
          version: latest,
          configuration,
          configSha256: fingerprint(configuration),
          incarnation: room.random.uuid(),
          state: 'Pending',
          stateReason: creating,
          revisionId: room.random.uuid(),
          modifiedAt: room.clock.now(),
        };
        change.put('function', functionName, '', fn);
        change.put('version', functionName, latest, record);
        return input.Publish === true || input.PublishTo !== undefined
          ? publish(room, desk, change, { fn, source: record, moveLatestPublished: input.PublishTo !== undefined })
          : record;
      });
      tellOfUnapplied(room, functionName, input.VpcConfig);
      room.preparation.begin(scope, functionName, latest);
      if (answer.version !== latest) room.preparation.begin(scope, functionName, answer.version);
      return describe(answer, arnOf(scope, functionName), scope.region);
    },
  };
}

/** @source spec 9.3-01 */
function checkName(functionName: string): void {
  if (functionName.length > 64)
    throw invalid(outOfModel(functionName, 'functionName', 'Member must have length less than or equal to 64').message);
}

/** @source spec 9.4-01 */
const exists = (functionName: string): Error => conflict(`Function already exist: ${functionName}`);

const noZip: CodeRecord = { kind: 'zip', sha256: '', sizeBytes: 0, unzippedBytes: 0 };
const noImage: CodeRecord = { kind: 'image', uri: '', resolvedUri: '', digest: '' };
