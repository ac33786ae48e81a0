import type { Clock, Random } from '../../base/index.ts';
import { pageOf, scopeOf } from '../kit/index.ts';
import { badToken, notFound } from './faults.ts';
import type { LogHandlers } from './group-handlers.ts';
import type { LogRecords } from './groups.ts';

/** Answers of one page. */
const pageSize = 1_000;

/** Queries that somebody kept for another time. */
export function queryDefinitionHandlers(options: {
  readonly records: LogRecords;
  readonly clock: Clock;
  readonly random: Random;
}) {
  const { records, clock, random } = options;
  const missing = (): Error => notFound('The specified query definition does not exist.');
  return {
    async PutQueryDefinition(input, call) {
      const id = input.queryDefinitionId ?? random.uuid();
      await records.change((draft) => {
        if (input.queryDefinitionId !== undefined && draft.get('queryDefinition', scopeOf(call), id) === undefined)
          throw missing();
        draft.put('queryDefinition', scopeOf(call), id, {
          id,
          name: input.name ?? '',
          text: input.queryString ?? '',
          language: input.queryLanguage ?? 'CWLI',
          groups: input.logGroupNames ?? [],
          changedAt: Math.floor(clock.now()),
        });
      });
      return { queryDefinitionId: id };
    },

    DescribeQueryDefinitions(input, call) {
      const prefix = input.queryDefinitionNamePrefix ?? '';
      const found = records.list('queryDefinition', scopeOf(call)).filter(({ name }) => name.startsWith(prefix));
      const page = pageOf(found, {
        limit: input.maxResults ?? pageSize,
        token: input.nextToken,
        nameOf: ({ id }) => id,
        invalid: badToken,
      });
      return Promise.resolve({
        queryDefinitions: page.items.map(({ id, name, text, language, groups, changedAt }) => ({
          queryLanguage: language as 'CWLI',
          queryDefinitionId: id,
          name,
          queryString: text,
          lastModified: changedAt,
          logGroupNames: [...groups],
        })),
        ...(page.next === undefined ? {} : { nextToken: page.next }),
      });
    },

    async DeleteQueryDefinition(input, call) {
      await records.change((draft) => {
        if (!draft.delete('queryDefinition', scopeOf(call), input.queryDefinitionId ?? '')) throw missing();
      });
      return { success: true };
    },
  } satisfies LogHandlers;
}
