import { ServiceFault, type Call, type Handlers, type SsmOperations } from '@mayfly/wire';
import type { Clock } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import { openText, pageOf, Records, scopeOf, type MasterKey, type Sealer } from '../kit/index.ts';
import { isUnder, passes, type Filter } from './filters.ts';
import { fault, find, invalid, notFound, parameterArn, type Found } from './names.ts';
import { putParameter } from './put.ts';
import { currentOf, type ParameterRecord, type ParameterVersion, type SsmKinds, type SsmRecords } from './records.ts';

export type SsmHandlers = Partial<Handlers<SsmOperations>>;

export interface Ssm extends AsyncDisposable {
  readonly handlers: SsmHandlers;
}

/** Parameter Store. Values of SecureStrings are sealed on the disk. */
export async function openSsm(options: {
  readonly database: Database;
  readonly masterKey: MasterKey;
  readonly clock: Clock;
}): Promise<Ssm> {
  const records = await Records.open<SsmKinds>(options.database, 'ssm');
  const sealer = options.masterKey.sealer('ssm parameters');
  const nowMs = (): number => Math.floor(options.clock.now());
  return {
    handlers: { ...readHandlers(records, sealer), ...writeHandlers(records, sealer, nowMs), ...tagHandlers(records) },
    [Symbol.asyncDispose]: () => records.settled(),
  };
}

const badToken = (): ServiceFault => fault('InvalidNextToken', 'The specified token is not valid.');
const mostLabels = 10;
const mostTags = 50;

function readHandlers(records: SsmRecords, sealer: Sealer) {
  const shown = (call: Call, { record, version, selector }: Found, decrypt: boolean | undefined) => ({
    Name: record.name,
    Type: version.type,
    Value:
      version.type === 'SecureString' && decrypt === true
        ? (openText(sealer, version.value) ?? unreadable(record.name))
        : version.value,
    Version: version.version,
    ...(selector === undefined ? {} : { Selector: selector }),
    LastModifiedDate: new Date(version.modifiedAt),
    ARN: parameterArn(call, record.name),
    DataType: version.dataType,
  });

  return {
    GetParameter: async (input, call) => ({
      Parameter: shown(call, find(records, scopeOf(call), input.Name ?? ''), input.WithDecryption),
    }),

    GetParameters: async (input, call) => {
      const parameters: ReturnType<typeof shown>[] = [];
      const invalidNames: string[] = [];
      for (const name of new Set(input.Names)) {
        try {
          parameters.push(shown(call, find(records, scopeOf(call), name), input.WithDecryption));
        } catch (error) {
          if (!(error instanceof ServiceFault)) throw error;
          invalidNames.push(name);
        }
      }
      return { Parameters: parameters, InvalidParameters: invalidNames };
    },

    GetParametersByPath: async (input, call) => {
      const path = input.Path ?? '';
      if (!path.startsWith('/')) throw invalid('The parameter path must begin with a slash.');
      const filters: readonly Filter[] = input.ParameterFilters ?? [];
      const found = records.list('parameter', scopeOf(call)).filter(({ name }) => isUnder(name, path, input.Recursive ?? false));
      const page = pageOf(
        found.filter((record) => passes(record, filters)),
        {
          limit: input.MaxResults ?? 10,
          token: input.NextToken,
          nameOf: ({ name }) => name,
          invalid: badToken,
        },
      );
      const label = filters.find(({ Key }) => Key === 'Label')?.Values?.[0];
      const versionOf = (record: ParameterRecord): ParameterVersion =>
        record.versions.find(({ labels }) => label !== undefined && labels.includes(label)) ?? currentOf(record);
      return {
        Parameters: page.items.map((record) => shown(call, { record, version: versionOf(record) }, input.WithDecryption)),
        ...(page.next === undefined ? {} : { NextToken: page.next }),
      };
    },

    DescribeParameters: async (input, call) => {
      const filters: readonly Filter[] = [
        ...(input.ParameterFilters ?? []),
        ...(input.Filters ?? []).map((filter) => ({ ...filter, Option: 'BeginsWith' })),
      ];
      const page = pageOf(
        records.list('parameter', scopeOf(call)).filter((record) => passes(record, filters)),
        {
          limit: input.MaxResults ?? 50,
          token: input.NextToken,
          nameOf: ({ name }) => name,
          invalid: badToken,
        },
      );
      return {
        Parameters: page.items.map((record) => ({
          ...metadata(record, currentOf(record)),
          ARN: parameterArn(call, record.name),
        })),
        ...(page.next === undefined ? {} : { NextToken: page.next }),
      };
    },

    GetParameterHistory: async (input, call) => {
      const { record } = find(records, scopeOf(call), input.Name ?? '');
      const page = pageOf(record.versions, {
        limit: input.MaxResults ?? 50,
        token: input.NextToken,
        nameOf: ({ version }) => String(version).padStart(16, '0'),
        invalid: badToken,
      });
      return {
        Parameters: page.items.map((version) => ({
          ...metadata(record, version),
          Value: shown(call, { record, version }, input.WithDecryption).Value,
          Labels: [...version.labels],
        })),
        ...(page.next === undefined ? {} : { NextToken: page.next }),
      };
    },
  } satisfies SsmHandlers;
}

function writeHandlers(records: SsmRecords, sealer: Sealer, nowMs: () => number) {
  const label = async (
    call: Call,
    name: string | undefined,
    change: (record: ParameterRecord) => ParameterRecord,
  ): Promise<void> => {
    await records.change((draft) => {
      const { record } = find(draft, scopeOf(call), name ?? '');
      draft.put('parameter', scopeOf(call), record.name, change(record));
    });
  };
  const versionOf = (record: ParameterRecord, version: number | undefined): ParameterVersion =>
    version === undefined ? currentOf(record) : find({ get: () => record as never }, '', `${record.name}:${version}`).version;

  return {
    PutParameter: async (input, call) => {
      const version = await putParameter({ records, sealer, nowMs }, input, call);
      return { Version: version.version, Tier: version.tier };
    },
    DeleteParameter: async (input, call) => {
      const gone = await records.change((draft) => draft.delete('parameter', scopeOf(call), input.Name ?? ''));
      if (!gone) throw notFound();
      return {};
    },
    DeleteParameters: async (input, call) => {
      const names = [...new Set(input.Names)];
      const deleted = await records.change((draft) => names.filter((name) => draft.delete('parameter', scopeOf(call), name)));
      return { DeletedParameters: deleted, InvalidParameters: names.filter((name) => !deleted.includes(name)) };
    },

    LabelParameterVersion: async (input, call) => {
      const wanted = input.Labels ?? [];
      const invalidLabels = wanted.filter((each) => !/^(?!aws|ssm)[a-zA-Z_][\w.-]{0,99}$/i.test(each));
      const good = wanted.filter((each) => !invalidLabels.includes(each));
      let labelled = 0;
      await label(call, input.Name, (record) => {
        const target = versionOf(record, input.ParameterVersion);
        labelled = target.version;
        const labels = [...new Set([...target.labels, ...good])];
        if (labels.length > mostLabels)
          throw fault('ParameterVersionLabelLimitExceeded', 'A parameter version can have a maximum of ten labels.');
        // A label is on one version at a time.
        return {
          ...record,
          versions: record.versions.map((each) => ({
            ...each,
            labels: each === target ? labels : each.labels.filter((name) => !good.includes(name)),
          })),
        };
      });
      return { InvalidLabels: invalidLabels, ParameterVersion: labelled };
    },
    UnlabelParameterVersion: async (input, call) => {
      const wanted = input.Labels ?? [];
      let removed: string[] = [];
      await label(call, input.Name, (record) => {
        const target = versionOf(record, input.ParameterVersion);
        removed = target.labels.filter((each) => wanted.includes(each));
        return {
          ...record,
          versions: record.versions.map((each) =>
            each === target ? { ...each, labels: each.labels.filter((name) => !removed.includes(name)) } : each,
          ),
        };
      });
      return { RemovedLabels: removed, InvalidLabels: wanted.filter((each) => !removed.includes(each)) };
    },
  } satisfies SsmHandlers;
}

function tagHandlers(records: SsmRecords) {
  const nameOf = (type: string | undefined, id: string | undefined): string => {
    if (type !== 'Parameter')
      throw fault('InvalidResourceType', `The resource type is not valid. Only parameters have tags here.`);
    return id ?? '';
  };
  const edit = async (
    call: Call,
    name: string,
    change: (tags: Readonly<Record<string, string>>) => Record<string, string>,
  ): Promise<void> => {
    await records.change((draft) => {
      const record = draft.get('parameter', scopeOf(call), name);
      if (record === undefined)
        throw fault('InvalidResourceId', 'The resource ID is not valid. Verify that you entered the correct ID and try again.');
      const tags = change(record.tags);
      if (Object.keys(tags).length > mostTags) throw fault('TooManyTagsError', `A parameter can have at most ${mostTags} tags.`);
      draft.put('parameter', scopeOf(call), name, { ...record, tags });
    });
  };
  return {
    AddTagsToResource: async (input, call) => {
      const more = Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));
      await edit(call, nameOf(input.ResourceType, input.ResourceId), (tags) => ({ ...tags, ...more }));
      return {};
    },
    RemoveTagsFromResource: async (input, call) => {
      await edit(call, nameOf(input.ResourceType, input.ResourceId), (tags) =>
        Object.fromEntries(Object.entries(tags).filter(([key]) => input.TagKeys?.includes(key) !== true)),
      );
      return {};
    },
    ListTagsForResource: async (input, call) => {
      const record = records.get('parameter', scopeOf(call), nameOf(input.ResourceType, input.ResourceId));
      if (record === undefined)
        throw fault('InvalidResourceId', 'The resource ID is not valid. Verify that you entered the correct ID and try again.');
      return { TagList: Object.entries(record.tags).map(([Key, Value]) => ({ Key, Value })) };
    },
  } satisfies SsmHandlers;
}

const metadata = (record: ParameterRecord, version: ParameterVersion) => ({
  Name: record.name,
  Type: version.type,
  ...(version.keyId === undefined ? {} : { KeyId: version.keyId }),
  LastModifiedDate: new Date(version.modifiedAt),
  LastModifiedUser: version.modifiedBy,
  ...(version.description === undefined ? {} : { Description: version.description }),
  ...(version.allowedPattern === undefined ? {} : { AllowedPattern: version.allowedPattern }),
  Version: version.version,
  Tier: version.tier,
  Policies: [],
  DataType: version.dataType,
});

function unreadable(name: string): never {
  throw Object.assign(
    new Error(`Parameter ${name} was sealed with another master key. Bring back the key file the data folder was made with.`),
    {
      code: 'MASTER_KEY_CHANGED',
    },
  );
}
