import { invalid } from '../faults.ts';
import { codeSha256, describe, describeListed, versionKey } from '../functions/configuration.ts';
import { checkChangeable, find, findFunction } from '../functions/find.ts';
import { isUnderWay } from '../functions/preparation.ts';
import { qualifiedArn, unqualified } from '../names.ts';
import { byKey, page } from '../pages.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import { publish } from './publish.ts';

export function versionHandlers(room: Room): Operations<'PublishVersion' | 'ListVersionsByFunction'> {
  return {
    /** @source spec 1.4 */
    async PublishVersion(input, call) {
      const scope = scopeOf(call);
      const functionName = unqualified(input.FunctionName ?? '', scope);
      const record = await room.shelf.change(scope, (desk, change) => {
        const { fn, record: source } = find(desk, scope, { functionName });
        checkChangeable(scope, functionName, source, input.RevisionId);
        const actual = codeSha256(source.configuration.code);
        if (input.CodeSha256 !== undefined && input.CodeSha256 !== '' && input.CodeSha256 !== actual)
          throw invalid(
            `CodeSHA256 (${input.CodeSha256}) is different from current CodeSHA256 in $LATEST (${actual}). Please try again with the CodeSHA256 in $LATEST.`,
          );
        return publish(room, desk, change, {
          fn,
          source,
          description: input.Description,
          moveLatestPublished: input.PublishTo !== undefined,
        });
      });
      if (isUnderWay(record)) room.preparation.begin(scope, functionName, record.version);
      return describe(record, qualifiedArn(scope, functionName, record.version), scope.region);
    },

    /** `$LATEST` first, then oldest to newest. @source spec 0.3-04, 1.4-06 */
    async ListVersionsByFunction(input, call) {
      const scope = scopeOf(call);
      const functionName = unqualified(input.FunctionName ?? '', scope);
      const desk = room.shelf.desk(scope);
      findFunction(desk, scope, functionName);
      const versions = [...desk.parts('version', functionName).values()];
      versions.sort((left, right) => byKey(versionKey(left.version), versionKey(right.version)));
      const { rows, ...rest } = page(versions, (record) => `v${versionKey(record.version)}`, input);
      return {
        Versions: rows.map((record) => describeListed(record, qualifiedArn(scope, functionName, record.version))),
        ...rest,
      };
    },
  };
}
