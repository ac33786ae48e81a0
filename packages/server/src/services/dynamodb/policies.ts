import { ServiceFault, type Call, type DynamoDbOperations, type Handlers } from '@mayfly/wire';
import { isJson } from '../kit/json-text.ts';
import { invalid } from './faults.ts';
import type { Room } from './room.ts';
import type { Table } from './table.ts';
import { replace } from './tables.ts';

type Names = 'PutResourcePolicy' | 'GetResourcePolicy' | 'DeleteResourcePolicy';

/** Policies of tables: who else may use them. */
export function policyHandlers(room: Room): Pick<Handlers<DynamoDbOperations>, Names> {
  const find = (call: Call, arn: string | undefined): Table => {
    const table = room.catalogue.find(call, arn ?? '');
    if (table === undefined || table.arn !== arn)
      throw new ServiceFault('ResourceNotFoundException', `Requested resource not found: ResourcArn: ${arn} not found`);
    return table;
  };
  const noPolicy = (arn: string): Error =>
    new ServiceFault('PolicyNotFoundException', `Resource-based policy not found for the provided ResourceArn: ${arn}`);
  const checkRevision = (table: Table, expected: string | undefined): void => {
    const current = table.resourcePolicy?.revisionId ?? 'NO_POLICY';
    if (expected !== undefined && expected !== current) throw noPolicy(table.arn);
  };
  return {
    async PutResourcePolicy(input, call) {
      const table = find(call, input.ResourceArn);
      const { Policy: policy = '' } = input;
      if (!isJson(policy)) throw invalid('Invalid policy document: The policy is not valid JSON');
      checkRevision(table, input.ExpectedRevisionId);
      // The same policy again is no revision.
      const revisionId =
        table.resourcePolicy?.policy === policy ? table.resourcePolicy.revisionId : String(Math.floor(room.clock.now()));
      await replace(room, table, { ...table, resourcePolicy: { policy, revisionId } });
      return { RevisionId: revisionId };
    },
    GetResourcePolicy(input, call) {
      const { arn, resourcePolicy } = find(call, input.ResourceArn);
      if (resourcePolicy === undefined) return Promise.reject(noPolicy(arn));
      return Promise.resolve({ Policy: resourcePolicy.policy, RevisionId: resourcePolicy.revisionId });
    },
    async DeleteResourcePolicy(input, call) {
      const table = find(call, input.ResourceArn);
      checkRevision(table, input.ExpectedRevisionId);
      const { resourcePolicy, ...rest } = table;
      if (resourcePolicy === undefined) return {};
      await replace(room, table, rest);
      return { RevisionId: resourcePolicy.revisionId };
    },
  };
}
