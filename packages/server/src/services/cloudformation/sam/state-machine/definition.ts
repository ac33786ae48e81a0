import { readS3Uri } from '../code.ts';
import type { Draft } from '../draft.ts';
import { InvalidResource } from '../faults.ts';
import { ascii } from '../logical-id.ts';
import { asMap, given, isIntrinsic, isMap, type Fields } from '../values.ts';

/** Where the definition is: in a bucket, or here, as the text that Step Functions wants. */
export function definitionOf(logicalId: string, properties: Fields, draft: Draft): Fields {
  const { Definition, DefinitionUri, DefinitionSubstitutions } = properties;
  if (Definition !== undefined && DefinitionUri !== undefined)
    throw new InvalidResource(logicalId, `Specify either 'Definition' or 'DefinitionUri' property and not both.`);
  if (isMap(Definition)) return written(Definition, DefinitionSubstitutions);
  if (DefinitionUri === undefined)
    throw new InvalidResource(logicalId, `Either 'Definition' or 'DefinitionUri' property must be specified.`);
  const { bucket, key, version } = readS3Uri(DefinitionUri, 'DefinitionUri', logicalId, draft);
  return { DefinitionS3Location: given({ Bucket: bucket, Key: key, Version: version }), DefinitionSubstitutions };
}

/** The definition as text, line by line, with a placeholder for each part that only CloudFormation knows. */
function written(definition: Fields, substitutions: unknown): Fields {
  const found: Record<string, unknown> = {};
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(plain);
    if (isIntrinsic(value)) {
      const name = `definition_substitution_${Object.keys(found).length + 1}`;
      found[name] = value;
      return `\${${name}}`;
    }
    if (!isMap(value)) return value;
    return Object.fromEntries(
      Object.keys(value)
        .toSorted()
        .map((name) => [name, plain(value[name])]),
    );
  };
  const text = ascii(JSON.stringify(plain(definition), undefined, 4));
  const all = { ...asMap(substitutions), ...found };
  return {
    DefinitionString: { 'Fn::Join': ['\n', text.split('\n')] },
    DefinitionSubstitutions: Object.keys(all).length === 0 ? undefined : all,
  };
}
