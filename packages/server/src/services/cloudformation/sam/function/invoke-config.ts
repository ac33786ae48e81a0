import type { Draft } from '../draft.ts';
import { InvalidResource } from '../faults.ts';
import { hashedId } from '../logical-id.ts';
import { mayWrite } from '../role.ts';
import { textOf, asMap, getAtt, iff, isMap, isNoValue, pick, printed, ref, type Fields } from '../values.ts';

const writers = {
  SQS: mayWrite.SQS,
  SNS: mayWrite.SNS,
  EventBridge: mayWrite.EventBridge,
  Lambda: mayWrite.Lambda,
  S3Bucket: mayWrite.S3,
};
type DestinationType = keyof typeof writers;
/** Those that are made where the function names none. */
const made = {
  SQS: { suffix: 'Queue', type: 'AWS::SQS::Queue', arn: (logicalId: string) => getAtt(logicalId) },
  SNS: { suffix: 'Topic', type: 'AWS::SNS::Topic', arn: (logicalId: string) => ref(logicalId) },
};
const isMade = (type: DestinationType): type is keyof typeof made => Object.hasOwn(made, type);

interface Options {
  readonly logicalId: string;
  readonly config: Fields;
  readonly published: { readonly alias: string; readonly aliasId: string } | undefined;
  readonly tags: readonly Fields[] | undefined;
  readonly metadata: unknown;
  readonly inherited: Fields;
  readonly draft: Draft;
}

/** How a function is called asynchronously. @returns what its role must hold to reach its destinations */
export function addInvokeConfig({ logicalId, config, published, tags, metadata, inherited, draft }: Options): readonly Fields[] {
  const configId = `${logicalId}EventInvokeConfig`;
  const policies: Fields[] = [];
  const destinations: Record<string, Fields> = {};
  const wanted = asMap(config['DestinationConfig']);
  for (const outcome of ['OnSuccess', 'OnFailure']) {
    const destination = wanted[outcome];
    if (!isMap(destination)) continue;
    const type = readType(destination, logicalId);
    const prefix = `${configId}${outcome}`;
    const arn = destinationArn({
      type,
      written: destination['Destination'],
      prefix,
      configId,
      logicalId,
      tags,
      inherited,
      draft,
    });
    destinations[outcome] = { Destination: arn };
    policies.push(writers[type](`${prefix}${type === 'S3Bucket' ? 'S3' : type}Policy`, arn));
  }
  draft.add(
    configId,
    'AWS::Lambda::EventInvokeConfig',
    {
      ...pick(config, ['MaximumEventAgeInSeconds', 'MaximumRetryAttempts']),
      FunctionName: ref(logicalId),
      Qualifier: published?.alias ?? '$LATEST',
      ...(isMap(config['DestinationConfig']) ? { DestinationConfig: destinations } : {}),
    },
    { ...inherited, Metadata: metadata, DependsOn: published && [published.aliasId] },
  );
  return policies;
}

function readType(destination: Fields, logicalId: string): DestinationType {
  const type = destination['Type'];
  const types = ['SQS', 'SNS', 'EventBridge', 'Lambda', 'S3Bucket'];
  if (typeof type !== 'string' || !types.includes(type))
    throw new InvalidResource(logicalId, `'Type: ${textOf(type)}' must be one of ${printed(types)}`);
  return type as DestinationType;
}

/** The destination that was named, or one that is made for it; or, under a condition, the one or the other. */
function destinationArn(options: {
  readonly type: DestinationType;
  readonly written: unknown;
  readonly prefix: string;
  readonly configId: string;
  readonly logicalId: string;
  readonly tags: readonly Fields[] | undefined;
  readonly inherited: Fields;
  readonly draft: Draft;
}): unknown {
  const { type, written, prefix, configId, logicalId, tags, inherited, draft } = options;
  const branches = isMap(written) && Array.isArray(written['Fn::If']) ? (written['Fn::If'] as unknown[]) : undefined;
  const mayBeAbsent = branches !== undefined && branches.slice(1).some(isNoValue);
  if (written !== undefined && !isNoValue(written) && !mayBeAbsent) return written;
  if (!isMade(type)) {
    if (mayBeAbsent) return written;
    throw new InvalidResource(logicalId, `Destination is required if Type is not ${printed(Object.keys(made))}`);
  }
  const { suffix, type: resource, arn } = made[type];
  const madeId = `${prefix}${suffix}`;
  if (branches === undefined) {
    draft.add(madeId, resource, { Tags: tags }, inherited);
    return arn(madeId);
  }
  const [condition, yes, no] = branches as [string, unknown, unknown];
  const isAbsent = isNoValue(no) ? draft.not(condition, hashedId(`NOT${condition}`, configId)) : condition;
  const own = inherited['Condition'];
  const both = typeof own === 'string' ? draft.and([own, isAbsent], logicalId) : isAbsent;
  draft.add(madeId, resource, { Tags: tags }, { ...inherited, Condition: both });
  return iff(isAbsent, arn(madeId), isNoValue(no) ? yes : no);
}
