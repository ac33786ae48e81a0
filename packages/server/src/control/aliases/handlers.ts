import { ServiceFault, type LambdaOperations } from '@mayfly/wire';
import { compact } from '../compact.ts';
import { conflict, functionNotFound, notFound, staleRevision } from '../faults.ts';
import { findFunction } from '../functions/find.ts';
import { qualifiedArn, unqualified, type Scope } from '../names.ts';
import { byKey, page } from '../pages.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import type { AliasRecord } from './record.ts';
import { routing } from './routing.ts';

type Output = LambdaOperations['GetAlias']['output'];

/** Asked for at once. @source spec 0.3-02 */
const listCap = 10_000;
/** Of one function; AWS has a bound and does not say which. @source spec 1.5-09 */
const mostAliases = 10_000;

export function aliasHandlers(
  room: Room,
): Operations<'CreateAlias' | 'GetAlias' | 'ListAliases' | 'UpdateAlias' | 'DeleteAlias'> {
  return {
    async CreateAlias(input, call) {
      const scope = scopeOf(call);
      const functionName = unqualified(input.FunctionName ?? '', scope);
      const name = input.Name ?? '';
      const record = await room.shelf.change(scope, (desk, change) => {
        const functionVersion = input.FunctionVersion ?? '';
        if (desk.get('function', functionName) === undefined)
          throw functionNotFound(qualifiedArn(scope, functionName, functionVersion));
        const split = routing(desk, scope, functionName, functionVersion, input.RoutingConfig);
        if (desk.get('alias', functionName, name) !== undefined)
          throw conflict(`Alias already exists: ${qualifiedArn(scope, functionName, name)}`);
        if (desk.parts('alias', functionName).size >= mostAliases)
          throw new ServiceFault('AliasLimitExceededException', 'Alias limit exceeded.');
        const alias = compact<AliasRecord>({
          name,
          functionVersion,
          description: input.Description ?? '',
          split,
          revisionId: room.random.uuid(),
        });
        change.put('alias', functionName, name, alias);
        return alias;
      });
      return show(scope, functionName, record);
    },

    async GetAlias(input, call) {
      const scope = scopeOf(call);
      const functionName = unqualified(input.FunctionName ?? '', scope);
      const record = room.shelf.desk(scope).get('alias', functionName, input.Name ?? '');
      if (record === undefined) throw notFound(`Cannot find alias arn: ${qualifiedArn(scope, functionName, input.Name)}`);
      return show(scope, functionName, record);
    },

    async ListAliases(input, call) {
      const scope = scopeOf(call);
      const functionName = unqualified(input.FunctionName ?? '', scope);
      const desk = room.shelf.desk(scope);
      findFunction(desk, scope, functionName);
      const aliases = [...desk.parts('alias', functionName).values()]
        .filter((alias) => input.FunctionVersion === undefined || alias.functionVersion === input.FunctionVersion)
        .sort((left, right) => byKey(left.name, right.name));
      const { rows, ...rest } = page(aliases, (alias) => alias.name, input, listCap);
      return { Aliases: rows.map((alias) => show(scope, functionName, alias)), ...rest };
    },

    async UpdateAlias(input, call) {
      const scope = scopeOf(call);
      const functionName = unqualified(input.FunctionName ?? '', scope);
      const name = input.Name ?? '';
      const record = await room.shelf.change(scope, (desk, change) => {
        const before = desk.get('alias', functionName, name);
        if (before === undefined) throw notFound(`Alias not found: ${qualifiedArn(scope, functionName, name)}`);
        if (input.RevisionId !== undefined && input.RevisionId !== before.revisionId) throw staleRevision('GetFunction/GetAlias');
        const functionVersion = input.FunctionVersion ?? before.functionVersion;
        const kept = before.split && { AdditionalVersionWeights: { [before.split.version]: before.split.weight } };
        const alias = compact<AliasRecord>({
          name,
          functionVersion,
          description: input.Description ?? before.description,
          split: routing(desk, scope, functionName, functionVersion, input.RoutingConfig ?? kept),
          revisionId: room.random.uuid(),
        });
        change.put('alias', functionName, name, alias);
        return alias;
      });
      return show(scope, functionName, record);
    },

    /** @source spec 1.5-08 */
    async DeleteAlias(input, call) {
      const scope = scopeOf(call);
      const functionName = unqualified(input.FunctionName ?? '', scope);
      await room.shelf.change(scope, (desk, change) => {
        findFunction(desk, scope, functionName);
        // The URL stays, though it leads nowhere. @source spec 1.7-06
        change.deleteQualifier(functionName, input.Name ?? '', { keep: ['url'] });
      });
      return {};
    },
  };
}

/** @source spec 1.5-01 */
const show = (scope: Scope, functionName: string, alias: AliasRecord): Output =>
  compact<Output>({
    AliasArn: qualifiedArn(scope, functionName, alias.name),
    Name: alias.name,
    FunctionVersion: alias.functionVersion,
    Description: alias.description,
    RoutingConfig: alias.split && { AdditionalVersionWeights: { [alias.split.version]: alias.split.weight } },
    RevisionId: alias.revisionId,
  });
