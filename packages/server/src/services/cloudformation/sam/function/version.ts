import type { Draft } from '../draft.ts';
import { InvalidResource } from '../faults.ts';
import { hashedId } from '../logical-id.ts';
import { asMap, getAtt, pick, ref, type Fields } from '../values.ts';

interface Options {
  readonly logicalId: string;
  readonly properties: Fields;
  /** Properties of the function as CloudFormation gets them, without a role that is made for it. */
  readonly lambda: Fields;
  readonly inherited: Fields;
  readonly updatePolicy: Fields | undefined;
  readonly draft: Draft;
}

export interface Published {
  readonly alias: string;
  readonly aliasId: string;
}

/** The alias that a function publishes itself under, if it does. */
export function aliasOf(logicalId: string, properties: Fields, draft: Draft): string | undefined {
  const written = properties['AutoPublishAlias'];
  if (written === undefined || written === '') return undefined;
  const alias = draft.known(written);
  if (typeof alias !== 'string')
    throw new InvalidResource(logicalId, `'AutoPublishAlias' must be a string or a Ref to a template parameter`);
  if (!/^(?!\d+$)[\w-]+$/.test(alias))
    throw new InvalidResource(
      logicalId,
      `AutoPublishAlias name ('${alias}') must contain only alphanumeric characters, hyphens, or underscores matching ` +
        '(?!^[0-9]+$)([a-zA-Z0-9-_]+) pattern.',
    );
  return alias;
}

/** A version that is a new one whenever the code is, and the alias that goes with it. */
export function publish(alias: string, { logicalId, properties, lambda, inherited, updatePolicy, draft }: Options): Published {
  const versionId = hashedOrGiven(`${logicalId}Version`, { logicalId, properties, lambda, draft });
  draft.add(
    versionId,
    'AWS::Lambda::Version',
    { Description: properties['VersionDescription'], FunctionName: ref(logicalId) },
    { DeletionPolicy: properties['VersionDeletionPolicy'] ?? 'Retain', ...inherited },
  );
  const aliasId = `${logicalId}Alias${alias.replace(/[^a-zA-Z0-9]/g, (other) => (other === '-' ? 'D' : 'U'))}`;
  draft.add(
    aliasId,
    'AWS::Lambda::Alias',
    {
      Name: alias,
      FunctionName: ref(logicalId),
      FunctionVersion: getAtt(versionId, 'Version'),
      ProvisionedConcurrencyConfig: properties['ProvisionedConcurrencyConfig'],
    },
    { ...inherited, UpdatePolicy: updatePolicy },
  );
  draft.renamed.set(`${logicalId}.Version`, versionId);
  draft.renamed.set(`${logicalId}.Alias`, aliasId);
  return { alias, aliasId };
}

/** The hash that was given for the code, as far as SAM can know it. */
export function givenSha256(logicalId: string, properties: Fields, draft: Draft): string | undefined {
  const written = properties['AutoPublishCodeSha256'];
  if (written === undefined) return undefined;
  const sha256 = draft.known(written);
  if (typeof sha256 !== 'string') throw new InvalidResource(logicalId, 'AutoPublishCodeSha256 must be a string');
  return sha256;
}

function hashedOrGiven(
  prefix: string,
  { logicalId, properties, lambda, draft }: Omit<Options, 'inherited' | 'updatePolicy'>,
): string {
  const sha256 = givenSha256(logicalId, properties, draft);
  if (sha256 !== undefined) return prefix + sha256.slice(0, 10);
  if (properties['AutoPublishAliasAllProperties'] === true) return hashedId(prefix, lambda);
  // What a version freezes besides its code and is likely to change; the variables stand among the rest.
  const { Code: code, Environment: environment } = lambda;
  const frozen = pick(lambda, ['MemorySize', 'SnapStart']);
  return hashedId(prefix, { ...asMap(code), ...asMap(environment), ...frozen });
}
