import { ServiceFault } from '@mayfly/wire';
import { compact } from '../compact.ts';
import { conflict, notFound } from '../faults.ts';
import type { Scope } from '../names.ts';
import { page } from '../pages.ts';
import type { Desk } from '../records/desk.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import { checkTags } from '../tags/checks.ts';
import type { CapacityProviderRecord } from './record.ts';
import { instancesOf, loggingOf, propagatedTagsOf, scalingOf } from './settings.ts';
import { capacityProviderArn, show } from './show.ts';

/** @source spec 1.14-07 */
const mostProviders = 1000;

/**
 * Capacity providers as records: nothing starts instances for them, and no function can name one yet, because an
 * execution environment takes one invocation at a time. @source spec 1.14
 */
export function capacityHandlers(
  room: Room,
): Operations<
  | 'CreateCapacityProvider'
  | 'GetCapacityProvider'
  | 'ListCapacityProviders'
  | 'UpdateCapacityProvider'
  | 'DeleteCapacityProvider'
  | 'ListFunctionVersionsByCapacityProvider'
> {
  return {
    async CreateCapacityProvider(input, call) {
      const scope = scopeOf(call);
      const name = nameIn(scope, input.CapacityProviderName);
      checkTags(input.Tags);
      const { SubnetIds: subnetIds = [], SecurityGroupIds: securityGroupIds = [] } = input.VpcConfig ?? {};
      room.ports.networks?.vpcOf({ subnetIds, securityGroupIds });
      const record = compact<CapacityProviderRecord>({
        name,
        subnetIds,
        securityGroupIds,
        operatorRoleArn: input.PermissionsConfig?.CapacityProviderOperatorRoleArn ?? '',
        instances: instancesOf(input.InstanceRequirements),
        scaling: scalingOf(input.CapacityProviderScalingConfig),
        kmsKeyArn: input.KmsKeyArn,
        propagatedTags: propagatedTagsOf(input.PropagateTags),
        logging: loggingOf(input.TelemetryConfig),
        tags: { ...input.Tags },
        modifiedAt: room.clock.now(),
      });
      await room.shelf.change(scope, (desk, change) => {
        if (desk.get('capacityProvider', name) !== undefined)
          throw conflict(`Capacity provider already exists: ${capacityProviderArn(scope, name)}`);
        if (desk.count('capacityProvider') >= mostProviders)
          throw new ServiceFault(
            'CapacityProviderLimitExceededException',
            `The maximum number of capacity providers, ${mostProviders}, is reached.`,
          );
        change.put('capacityProvider', name, '', record);
      });
      room.log.warn('A capacity provider is kept as a record: no instances are started for it, and no function can use it.', {
        capacityProvider: name,
      });
      return { CapacityProvider: show(scope, record) };
    },

    async GetCapacityProvider(input, call) {
      const scope = scopeOf(call);
      return { CapacityProvider: show(scope, found(room.shelf.desk(scope), scope, input.CapacityProviderName)) };
    },

    async ListCapacityProviders(input, call) {
      const scope = scopeOf(call);
      const desk = room.shelf.desk(scope);
      const names = input.State === undefined || input.State === 'Active' ? desk.names('capacityProvider') : [];
      const { rows, ...rest } = page(names, (name) => name, input);
      const records = rows.flatMap((name) => desk.get('capacityProvider', name) ?? []);
      return { CapacityProviders: records.map((record) => show(scope, record)), ...rest };
    },

    /** What is left out stays. */
    async UpdateCapacityProvider(input, call) {
      const scope = scopeOf(call);
      const record = await room.shelf.change(scope, (desk, change) => {
        const before = found(desk, scope, input.CapacityProviderName);
        const next = compact<CapacityProviderRecord>({
          ...before,
          scaling: scalingOf(input.CapacityProviderScalingConfig, before.scaling),
          propagatedTags: propagatedTagsOf(input.PropagateTags) ?? before.propagatedTags,
          logging: loggingOf(input.TelemetryConfig) ?? before.logging,
          modifiedAt: room.clock.now(),
        });
        change.put('capacityProvider', before.name, '', next);
        return next;
      });
      return { CapacityProvider: show(scope, record) };
    },

    async DeleteCapacityProvider(input, call) {
      const scope = scopeOf(call);
      const gone = await room.shelf.change(scope, (desk, change) => {
        const record = found(desk, scope, input.CapacityProviderName);
        change.delete('capacityProvider', record.name);
        return record;
      });
      return { CapacityProvider: show(scope, gone, 'Deleting') };
    },

    async ListFunctionVersionsByCapacityProvider(input, call) {
      const scope = scopeOf(call);
      const { name } = found(room.shelf.desk(scope), scope, input.CapacityProviderName);
      return { CapacityProviderArn: capacityProviderArn(scope, name), FunctionVersions: [] };
    },
  };
}

/** By name or ARN. @throws ResourceNotFoundException, also for those of other accounts and regions. @source spec 9.4-07 */
function found(desk: Desk, scope: Scope, given: string | undefined): CapacityProviderRecord {
  const name = nameIn(scope, given);
  const record = desk.get('capacityProvider', name);
  if (record === undefined) throw missing(capacityProviderArn(scope, name));
  return record;
}

function nameIn(scope: Scope, given = ''): string {
  const name = given.split(':').at(-1) ?? '';
  if (name !== given && given !== capacityProviderArn(scope, name)) throw missing(given);
  return name;
}

const missing = (arn: string): Error => notFound(`Capacity provider not found: ${arn}`);
