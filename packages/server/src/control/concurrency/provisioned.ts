import { ServiceFault, type LambdaOperations } from '@mayfly/wire';
import type { Catalog } from '../catalog.ts';
import { compact } from '../compact.ts';
import { conflict, functionNotFound, invalid, notFound, relayed, unavailable } from '../faults.ts';
import { findFunction } from '../functions/find.ts';
import { latest, latestPublished } from '../functions/record.ts';
import { isVersion, parseFunctionName, qualifiedArn, unqualified, type Scope } from '../names.ts';
import { byKey, page } from '../pages.ts';
import type { Desk } from '../records/desk.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import { plusZeroSeconds } from '../times.ts';
import type { ProvisionedRecord } from './record.ts';
import { provisionedOf, takenByOthers } from './sums.ts';

type Output = LambdaOperations['GetProvisionedConcurrencyConfig']['output'];

/** @source spec 1.10-05 to 1.10-11 */
export function provisionedHandlers(
  room: Room,
  catalog: Catalog,
): Operations<
  | 'PutProvisionedConcurrencyConfig'
  | 'GetProvisionedConcurrencyConfig'
  | 'ListProvisionedConcurrencyConfigs'
  | 'DeleteProvisionedConcurrencyConfig'
> {
  return {
    async PutProvisionedConcurrencyConfig(input, call) {
      if (room.ports.provisioned === undefined) throw unavailable('nothing on this server keeps environments ready.');
      const scope = scopeOf(call);
      if (isUnpublished(parseFunctionName(input.FunctionName ?? '', input.Qualifier, scope).qualifier)) throw unpublished();
      const { functionName, qualifier } = target(input.FunctionName, input.Qualifier, scope);
      const requested = input.ProvisionedConcurrentExecutions ?? 0;
      const record = await room.shelf.change(scope, (desk, change) => {
        const version = checkTarget(desk, scope, functionName, qualifier);
        if (desk.get('version', functionName, version)?.configuration.tenantIsolation !== undefined)
          throw invalid('Provisioned concurrency is not supported for functions with tenant isolation.');
        checkConflict(desk, functionName, qualifier, version);
        checkRoom(room, catalog, desk, scope, functionName, qualifier, requested);
        const next: ProvisionedRecord = {
          requested,
          allocated: 0,
          available: 0,
          status: 'IN_PROGRESS',
          modifiedAt: room.clock.now(),
        };
        change.put('provisioned', functionName, qualifier, next);
        return next;
      });
      return show(record);
    },

    async GetProvisionedConcurrencyConfig(input, call) {
      const scope = scopeOf(call);
      const { functionName, qualifier } = target(input.FunctionName, input.Qualifier, scope);
      const desk = room.shelf.desk(scope);
      checkTarget(desk, scope, functionName, qualifier);
      const record = desk.get('provisioned', functionName, qualifier);
      if (record === undefined)
        throw new ServiceFault(
          'ProvisionedConcurrencyConfigNotFoundException',
          'No Provisioned Concurrency Config found for this function',
        );
      return show(record);
    },

    async ListProvisionedConcurrencyConfigs(input, call) {
      const scope = scopeOf(call);
      const functionName = unqualified(input.FunctionName ?? '', scope);
      const desk = room.shelf.desk(scope);
      findFunction(desk, scope, functionName);
      const configs = [...desk.parts('provisioned', functionName)].sort(([left], [right]) => byKey(left, right));
      const { rows, ...rest } = page(configs, ([qualifier]) => qualifier, input);
      return {
        ProvisionedConcurrencyConfigs: rows.map(([qualifier, record]) => ({
          FunctionArn: qualifiedArn(scope, functionName, qualifier),
          ...show(record),
        })),
        ...rest,
      };
    },

    async DeleteProvisionedConcurrencyConfig(input, call) {
      const scope = scopeOf(call);
      const { functionName, qualifier } = target(input.FunctionName, input.Qualifier, scope);
      await room.shelf.change(scope, (desk, change) => {
        checkTarget(desk, scope, functionName, qualifier);
        change.delete('provisioned', functionName, qualifier);
      });
      return {};
    },
  };
}

/** @source spec 9.3-27 */
function target(given: string | undefined, asked: string | undefined, scope: Scope): { functionName: string; qualifier: string } {
  const { functionName, qualifier } = parseFunctionName(given ?? '', asked, scope);
  if (qualifier === undefined || isUnpublished(qualifier))
    throw invalid('The function resource provided must be an alias or a published version.');
  return { functionName, qualifier };
}

const isUnpublished = (qualifier: string | undefined): boolean => qualifier === latest || qualifier === latestPublished;
const unpublished = (): Error => invalid('Provisioned Concurrency Configs cannot be applied to unpublished function versions.');

/** @returns the version behind the qualifier. @throws ResourceNotFoundException */
function checkTarget(desk: Desk, scope: Scope, functionName: string, qualifier: string): string {
  const arn = qualifiedArn(scope, functionName, qualifier);
  if (desk.get('function', functionName) === undefined) throw functionNotFound(arn);
  const version = isVersion(qualifier)
    ? desk.get('version', functionName, qualifier)?.version
    : desk.get('alias', functionName, qualifier)?.functionVersion;
  if (version === undefined) throw isVersion(qualifier) ? functionNotFound(arn) : notFound(`Cannot find alias arn: ${arn}`);
  if (version === latest) throw unpublished();
  return version;
}

/** @source spec 1.10-09 */
function checkConflict(desk: Desk, functionName: string, qualifier: string, version: string): void {
  for (const other of desk.parts('provisioned', functionName).keys()) {
    if (other === qualifier) continue;
    if (other === version)
      throw conflict("Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version");
    if (desk.get('alias', functionName, other)?.functionVersion === version)
      throw conflict(
        isVersion(qualifier)
          ? 'Version is pointed by a Provisioned Concurrency alias'
          : "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version",
      );
  }
}

/** @source spec 1.10-10 */
function checkRoom(
  room: Room,
  catalog: Catalog,
  desk: Desk,
  scope: Scope,
  functionName: string,
  qualifier: string,
  requested: number,
): void {
  const own = provisionedOf(desk, functionName, qualifier) + requested;
  const reserved = desk.get('function', functionName)?.reservedConcurrency;
  if (reserved !== undefined) {
    if (own > reserved)
      throw invalid('Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function');
    return;
  }
  const { accountConcurrency, minimumUnreservedConcurrency: minimum } = room.limits;
  const unreserved = accountConcurrency - takenByOthers(catalog, desk, scope, functionName);
  if (own > unreserved)
    throw relayed(
      invalid(`Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [${unreserved}].`),
    );
  if (unreserved - own < minimum)
    throw relayed(
      invalid(
        `Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${minimum}].`,
      ),
    );
}

const show = (record: ProvisionedRecord): Output =>
  compact<Output>({
    RequestedProvisionedConcurrentExecutions: record.requested,
    AvailableProvisionedConcurrentExecutions: record.available,
    AllocatedProvisionedConcurrentExecutions: record.allocated,
    Status: record.status,
    StatusReason: record.statusReason,
    LastModified: plusZeroSeconds(record.modifiedAt),
  });
