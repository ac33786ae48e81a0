import type { Call } from '@mayfly/wire';
import { PatternError, scopeOf, sealText, toAutomaton, type Sealer } from '../kit/index.ts';
import { checkName, fault, invalid } from './names.ts';
import { currentOf, type ParameterRecord, type ParameterType, type ParameterVersion, type SsmRecords } from './records.ts';

const standardLength = 4_096;
const advancedLength = 8_192;
const mostVersions = 100;
const mostParameters = { Standard: 10_000, Advanced: 100_000 } as const;
const defaultKey = 'alias/aws/ssm';

export interface PutInput {
  readonly Name: string | undefined;
  readonly Value: string | undefined;
  readonly Type?: ParameterType | undefined;
  readonly Description?: string | undefined;
  readonly KeyId?: string | undefined;
  readonly Overwrite?: boolean | undefined;
  readonly AllowedPattern?: string | undefined;
  readonly Tier?: string | undefined;
  readonly DataType?: string | undefined;
  readonly Policies?: string | undefined;
  readonly Tags?: readonly { readonly Key: string | undefined; readonly Value: string | undefined }[] | undefined;
}

/** Makes a parameter or gives it a new version. */
export async function putParameter(
  { records, sealer, nowMs }: { readonly records: SsmRecords; readonly sealer: Sealer; nowMs(): number },
  input: PutInput,
  call: Pick<Call, 'account' | 'region' | 'caller'>,
): Promise<ParameterVersion> {
  const name = input.Name ?? '';
  const value = input.Value ?? '';
  checkName(name);
  if (input.Policies !== undefined) throw fault('InvalidPolicyTypeException', 'Parameter policies are not supported.');
  if (input.Overwrite === true && (input.Tags ?? []).length > 0) {
    throw invalid(
      "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.",
    );
  }
  checkPattern(value, input.AllowedPattern);

  return records.change((draft) => {
    const scope = scopeOf(call);
    const known = draft.get('parameter', scope, name);
    const before = known === undefined ? undefined : currentOf(known);
    if (known !== undefined && input.Overwrite !== true) {
      throw fault(
        'ParameterAlreadyExists',
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
      );
    }
    const type = input.Type ?? before?.type;
    if (type === undefined) throw invalid('A parameter type is required when you create a parameter.');
    const tier = tierOf(input.Tier, value, before);
    if (known === undefined && draft.count('parameter', scope) >= mostParameters[tier]) {
      throw fault('ParameterLimitExceeded', 'You have reached the maximum number of parameters for this account and region.');
    }
    const keyId = input.KeyId ?? before?.keyId ?? defaultKey;
    const description = input.Description ?? before?.description;
    const allowedPattern = input.AllowedPattern ?? before?.allowedPattern;
    const version: ParameterVersion = {
      version: (before?.version ?? 0) + 1,
      type,
      value: type === 'SecureString' ? sealText(sealer, value) : value,
      ...(type === 'SecureString' ? { keyId } : {}),
      ...(description === undefined ? {} : { description }),
      ...(allowedPattern === undefined ? {} : { allowedPattern }),
      tier,
      dataType: input.DataType ?? before?.dataType ?? 'text',
      labels: [],
      modifiedAt: nowMs(),
      modifiedBy: call.caller.kind === 'signed' ? call.caller.arn : `arn:aws:iam::${call.account}:root`,
    };
    draft.put('parameter', scope, name, {
      name,
      tags: known?.tags ?? Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
      versions: [...trimmed(known, name), version],
    });
    return version;
  });
}

/** Room for one more: the oldest version goes, unless somebody has labelled it. */
function trimmed(known: ParameterRecord | undefined, name: string): readonly ParameterVersion[] {
  const versions = known?.versions ?? [];
  if (versions.length < mostVersions) return versions;
  if ((versions[0]?.labels.length ?? 0) > 0) {
    throw fault(
      'ParameterMaxVersionLimitExceeded',
      `You attempted to create a new version of ${name} by calling the PutParameter API with the overwrite flag. Version ${versions[0]?.version}, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.`,
    );
  }
  return versions.slice(1);
}

/** @throws ParameterPatternMismatchException, InvalidAllowedPatternException */
function checkPattern(value: string, pattern: string | undefined): void {
  if (pattern === undefined || pattern === '') return;
  let matches: boolean;
  try {
    matches = toAutomaton(pattern).test(value);
  } catch (error) {
    if (error instanceof PatternError)
      throw fault(
        'InvalidAllowedPatternException',
        `The request does not meet the regular expression requirement: ${error.message}.`,
      );
    throw error;
  }
  if (!matches)
    throw fault('ParameterPatternMismatchException', `Parameter value, cannot be validated against allowedPattern: ${pattern}`);
}

/** @throws ValidationException for a value that is too long */
function tierOf(wanted: string | undefined, value: string, before: ParameterVersion | undefined): 'Standard' | 'Advanced' {
  const long = Buffer.byteLength(value) > standardLength;
  if (Buffer.byteLength(value) > advancedLength) throw invalid(`Parameter values can have at most ${advancedLength} characters.`);
  if (
    wanted === 'Advanced' ||
    (wanted === undefined && before?.tier === 'Advanced') ||
    (wanted === 'Intelligent-Tiering' && long)
  )
    return 'Advanced';
  if (wanted === 'Standard' && before?.tier === 'Advanced') {
    throw invalid(
      "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard parameter.",
    );
  }
  if (long) {
    throw invalid(
      `Standard tier parameters support a maximum parameter value of ${standardLength} characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html`,
    );
  }
  return 'Standard';
}
