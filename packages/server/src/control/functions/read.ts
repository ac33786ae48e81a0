import type { Call, LambdaOperations } from '@mayfly/wire';
import { compact } from '../compact.ts';
import { arnOf, parseFunctionName, qualifiedArn } from '../names.ts';
import { byKey, page } from '../pages.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import { describe, describeListed, versionKey } from './configuration.ts';
import { find } from './find.ts';
import { latest, type VersionRecord } from './record.ts';

type Output = LambdaOperations['GetFunction']['output'];

export function readFunctions(room: Room): Operations<'GetFunction' | 'GetFunctionConfiguration' | 'ListFunctions'> {
  return {
    /** @source spec 1.2-12 */
    async GetFunction(input, call) {
      const scope = scopeOf(call);
      const name = parseFunctionName(input.FunctionName ?? '', input.Qualifier, scope);
      const { fn, record, arn } = find(room.shelf.desk(scope), scope, name);
      return compact<Output>({
        Configuration: describe(record, arn, scope.region),
        Code: codeLocation(room, call, record),
        Tags: Object.keys(fn.tags).length === 0 ? undefined : { ...fn.tags },
        Concurrency:
          fn.reservedConcurrency === undefined || name.qualifier !== undefined
            ? undefined
            : { ReservedConcurrentExecutions: fn.reservedConcurrency },
      });
    },

    async GetFunctionConfiguration(input, call) {
      const scope = scopeOf(call);
      const { record, arn } = find(
        room.shelf.desk(scope),
        scope,
        parseFunctionName(input.FunctionName ?? '', input.Qualifier, scope),
      );
      return describe(record, arn, scope.region);
    },

    /** @source spec 0.3-05, 1.2-15 */
    async ListFunctions(input, call) {
      const scope = scopeOf(call);
      const desk = room.shelf.desk(scope);
      // No function here is a replica of another region's.
      if (input.MasterRegion !== undefined && input.MasterRegion !== 'ALL' && input.MasterRegion !== scope.region)
        return { Functions: [] };
      const names = desk.names('function');
      if (input.FunctionVersion !== 'ALL') {
        const { rows, ...rest } = page(names, (name) => name, input);
        const records = rows.flatMap((name) => desk.get('version', name, latest) ?? []);
        return { Functions: records.map((record, index) => describeListed(record, arnOf(scope, rows[index] ?? ''))), ...rest };
      }
      const all = names.flatMap((name) =>
        [...desk.parts('version', name).values()].map((record) => ({
          name,
          record,
          key: `${name} ${versionKey(record.version)}`,
        })),
      );
      const { rows, ...rest } = page(
        all.sort((left, right) => byKey(left.key, right.key)),
        (row) => row.key,
        input,
      );
      return {
        Functions: rows.map(({ name, record }) => describeListed(record, qualifiedArn(scope, name, record.version))),
        ...rest,
      };
    },
  };
}

/** @source spec 1.2-11, 1.2-12 */
function codeLocation(room: Room, call: Call, { configuration: { code } }: VersionRecord): NonNullable<Output['Code']> {
  if (code.kind === 'image') return { RepositoryType: 'ECR', ImageUri: code.uri, ResolvedImageUri: code.resolvedUri };
  return compact<NonNullable<Output['Code']>>({
    RepositoryType: 'S3',
    Location: room.ports.codeUrl(call, scopeOf(call).account, code.sha256),
    SourceKMSKeyArn: code.sourceKmsKeyArn,
  });
}
