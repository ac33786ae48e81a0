import type { Call, CloudFormationOperations, Handlers } from '@mayfly/wire';
import { pageOf } from '../../kit/index.ts';
import { stackNamed, stackOf, type Desk } from '../desk.ts';
import { importersOf } from '../engine/engine.ts';
import type { Resource, Stack } from '../engine/records.ts';
import { placeOf } from '../engine/store.ts';
import { invalid } from '../faults.ts';
import { shownResource, shownStack, shownSummary } from './show.ts';

type Names =
  | 'DescribeStacks'
  | 'ListStacks'
  | 'DescribeStackEvents'
  | 'DescribeStackResource'
  | 'DescribeStackResources'
  | 'ListStackResources'
  | 'ListExports'
  | 'ListImports';

/** Things on one page. @source CloudFormation API Reference, "DescribeStacks", "ListExports", read 2026-11 */
const perPage = 100;
const badToken = () => invalid('Pagination token is not valid.');

export function describeHandlers(desk: Desk): Pick<Handlers<CloudFormationOperations>, Names> {
  const { store } = desk;
  const newestFirst = (call: Call): readonly Stack[] =>
    store.records.list('stack', placeOf(call)).toSorted((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1));
  const paged = <Item>(items: readonly Item[], token: string | undefined) =>
    pageOf(
      items.map((item, index) => ({ item, name: String(index).padStart(9, '0') })),
      { limit: perPage, token, nameOf: ({ name }) => name, invalid: badToken },
    );
  const resourcesOf = (stack: Stack): readonly Resource[] => store.resources(stack.id);
  const shown = (stack: Stack) => shownStack(stack, store.blueprint(stack, 'now'));
  return {
    async DescribeStacks(input, call) {
      if (input.StackName !== undefined && input.StackName !== '')
        return { Stacks: [shown(stackOf(desk, call, input.StackName, { deleted: input.StackName.startsWith('arn:') }))] };
      const page = paged(
        newestFirst(call).filter(({ deletedAtMs }) => deletedAtMs === undefined),
        input.NextToken,
      );
      return { Stacks: page.items.map(({ item }) => shown(item)), ...next(page) };
    },

    async ListStacks(input, call) {
      const wanted = input.StackStatusFilter ?? [];
      const page = paged(
        newestFirst(call).filter(({ status }) => wanted.length === 0 || wanted.includes(status)),
        input.NextToken,
      );
      return { StackSummaries: page.items.map(({ item }) => shownSummary(item, store.blueprint(item, 'now'))), ...next(page) };
    },

    async DescribeStackEvents(input, call) {
      if (input.StackName === undefined || input.StackName === '')
        throw invalid(
          "1 validation error detected: Value null at 'stackName' failed to satisfy constraint: Member must not be null",
        );
      const stack = stackNamed(desk, call, input.StackName, { deleted: input.StackName.startsWith('arn:') });
      const events = store.events(stack.id);
      const page = paged(events, input.NextToken);
      return {
        StackEvents: page.items.map(({ item }) => ({
          StackId: stack.id,
          EventId: item.id,
          StackName: stack.name,
          LogicalResourceId: item.logicalId,
          PhysicalResourceId: item.physicalId,
          ResourceType: item.type,
          Timestamp: new Date(item.atMs),
          ResourceStatus: item.status,
          ...(item.reason === undefined ? {} : { ResourceStatusReason: item.reason }),
          ...(item.clientToken === undefined ? {} : { ClientRequestToken: item.clientToken }),
        })),
        ...next(page),
      };
    },

    async DescribeStackResource(input, call) {
      const stack = findStack(desk, call, input.StackName);
      const resource = store.resource(stack.id, input.LogicalResourceId ?? '');
      if (resource === undefined) throw invalid(`Resource ${input.LogicalResourceId} does not exist for stack ${stack.name}`);
      const { Timestamp: LastUpdatedTimestamp, ...rest } = shownResource(stack, resource);
      const metadata = store.blueprint(stack, 'now')?.template.Resources[resource.logicalId]?.Metadata;
      return {
        StackResourceDetail: {
          ...rest,
          LastUpdatedTimestamp,
          ...(metadata === undefined ? { Metadata: '{}' } : { Metadata: JSON.stringify(metadata) }),
        },
      };
    },

    async DescribeStackResources(input, call) {
      const { StackName: name, PhysicalResourceId: physicalId, LogicalResourceId: logicalId } = input;
      if (name !== undefined && physicalId !== undefined)
        throw invalid('Only one of StackName and PhysicalResourceId may be specified.');
      if (name === undefined && physicalId === undefined)
        throw invalid('Either StackName or PhysicalResourceId must be specified.');
      const stack = physicalId === undefined ? findStack(desk, call, name) : ownerOf(desk, call, physicalId);
      const found = resourcesOf(stack).filter((each) => logicalId === undefined || each.logicalId === logicalId);
      if (logicalId !== undefined && found.length === 0)
        throw invalid(`Resource ${logicalId} does not exist for stack ${stack.name}`);
      return { StackResources: found.map((each) => shownResource(stack, each)) };
    },

    async ListStackResources(input, call) {
      const stack = findStack(desk, call, input.StackName);
      const page = paged(resourcesOf(stack), input.NextToken);
      return {
        StackResourceSummaries: page.items.map(({ item }) => {
          const { Timestamp: LastUpdatedTimestamp, StackName: _name, StackId: _id, ...rest } = shownResource(stack, item);
          return { ...rest, LastUpdatedTimestamp };
        }),
        ...next(page),
      };
    },

    async ListExports(input, call) {
      const all = standing(desk, call)
        .flatMap(({ id, outputs }) =>
          outputs.flatMap(({ exportName, value }) =>
            exportName === undefined ? [] : [{ ExportingStackId: id, Name: exportName, Value: value }],
          ),
        )
        .toSorted((a, b) => (a.Name < b.Name ? -1 : 1));
      const page = paged(all, input.NextToken);
      return { Exports: page.items.map(({ item }) => item), ...next(page) };
    },

    async ListImports(input, call) {
      const name = input.ExportName ?? '';
      const stacks = standing(desk, call);
      if (!stacks.some(({ outputs }) => outputs.some(({ exportName }) => exportName === name)))
        throw invalid(`Export '${name}' does not exist.`);
      const importers = importersOf(stacks, name);
      if (importers.length === 0) throw invalid(`Export '${name}' is not imported by any stack.`);
      const page = paged(importers, input.NextToken);
      return { Imports: page.items.map(({ item }) => item), ...next(page) };
    },
  };
}

const next = ({ next: token }: { readonly next?: string }) => (token === undefined ? {} : { NextToken: token });

const standing = ({ store }: Desk, call: Call): readonly Stack[] =>
  store.records.list('stack', placeOf(call)).filter(({ deletedAtMs }) => deletedAtMs === undefined);

/** Resources of deleted stacks can be asked for by the stack's id. */
function findStack(desk: Desk, call: Call, nameOrId: string | undefined): Stack {
  const stack = desk.store.find(call, nameOrId ?? '');
  const isId = nameOrId?.startsWith('arn:') === true;
  if (stack === undefined || (stack.deletedAtMs !== undefined && !isId))
    throw invalid(`Stack '${nameOrId ?? ''}' does not exist`);
  return stack;
}

function ownerOf(desk: Desk, call: Call, physicalId: string): Stack {
  const owner = standing(desk, call).find(({ id }) =>
    desk.store.resources(id).some(({ instance }) => instance?.physicalId === physicalId),
  );
  if (owner === undefined) throw invalid(`Stack for ${physicalId} does not exist`);
  return owner;
}
