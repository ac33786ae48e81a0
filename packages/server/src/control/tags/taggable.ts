import type { AccountId, Region } from '../../base/index.ts';
import type { CapacityProviderRecord } from '../capacity/record.ts';
import { find, findFunction, updateInProgress } from '../functions/find.ts';
import { invalid, notFound } from '../faults.ts';
import type { MappingRecord } from '../mappings/record.ts';
import type { Scope } from '../names.ts';
import type { Change } from '../records/change.ts';
import type { Desk } from '../records/desk.ts';
import type { CodeSigningRecord } from '../signing/record.ts';

export type Tags = Readonly<Record<string, string>>;

/** Whatever carries tags: where they are, and how they are written back. */
export interface Taggable {
  readonly scope: Scope;
  /** @throws ResourceNotFoundException. @source spec 1.13-06 */
  read(desk: Desk): Tags;
  write(desk: Desk, change: Change, tags: Tags): void;
}

const form =
  /^arn:aws[a-zA-Z-]*:lambda:(?<region>[a-z0-9-]+):(?<account>\d{12}):(?<type>function|layer|code-signing-config|event-source-mapping|capacity-provider):(?<name>[^:]+)(?::(?<qualifier>.+))?$/;

/** @throws InvalidParameterValueException, ResourceNotFoundException. @source spec 1.13-04 to 1.13-06 */
export function taggable(arn: string, scope: Scope): Taggable {
  const parts = form.exec(arn)?.groups;
  const name = parts?.['name'] ?? '';
  if (parts?.['qualifier'] !== undefined)
    throw invalid('Tags on function aliases and versions are not supported. Please specify a function ARN.');
  const own: Scope = { account: parts?.['account'] as AccountId, region: parts?.['region'] as Region };
  const isOurs = own.account === scope.account && own.region === scope.region;
  const missing = (what: string): Error => notFound(`${what} not found: ${arn}`);
  switch (isOurs ? parts?.['type'] : 'elsewhere') {
    case 'function':
      return {
        scope: own,
        read: (desk) => findFunction(desk, own, name).tags,
        write: (desk, change, tags) => {
          const { fn, record } = find(desk, own, { functionName: name });
          if (record.lastUpdate?.status === 'InProgress') throw updateInProgress(own, name);
          change.put('function', name, '', { ...fn, tags });
        },
      };
    case 'code-signing-config': {
      const record = (desk: Desk): CodeSigningRecord => {
        const there = desk.get('codeSigning', name);
        if (there === undefined) throw missing('Code signing config');
        return there;
      };
      return {
        scope: own,
        read: (desk) => record(desk).tags,
        write: (desk, change, tags) => change.put('codeSigning', name, '', { ...record(desk), tags }),
      };
    }
    case 'event-source-mapping': {
      const record = (desk: Desk): MappingRecord => {
        const there = desk.get('mapping', name);
        if (there === undefined) throw missing('Event source mapping');
        return there;
      };
      return {
        scope: own,
        read: (desk) => record(desk).tags,
        write: (desk, change, tags) => change.put('mapping', name, '', { ...record(desk), tags }),
      };
    }
    case 'capacity-provider': {
      const record = (desk: Desk): CapacityProviderRecord => {
        const there = desk.get('capacityProvider', name);
        if (there === undefined) throw missing('Capacity provider');
        return there;
      };
      return {
        scope: own,
        read: (desk) => record(desk).tags,
        write: (desk, change, tags) => change.put('capacityProvider', name, '', { ...record(desk), tags }),
      };
    }
    case 'elsewhere':
      throw missing(parts?.['type'] === 'event-source-mapping' ? 'Event source mapping' : 'Function');
    default:
      throw invalid(`Tags on ${arn} are not supported.`);
  }
}
