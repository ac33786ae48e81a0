import { ServiceFault } from '@mayfly/wire';
import { invalid, templateError, TransformFailed } from '../faults.ts';
import { transformSam } from '../sam/index.ts';
import { Evaluator } from './evaluate.ts';
import { expandLoops } from './for-each.ts';
import { expandIncludes, hasIncludes } from './include.ts';
import { decideParameters, parameterRefs, type GivenParameter, type ParameterValues } from './parameters.ts';
import { parseTemplate } from './parse.ts';
import { pseudoValues, type StackPlace } from './pseudo.ts';
import { checkSections, checkStructure } from './structure.ts';
import { functionOf, isMap, type Fields, type Template } from './template.ts';

/** A template that is ready to be carried out. */
export interface Processed {
  readonly template: Template;
  readonly parameters: ParameterValues;
  /** Names of its transforms, in their order. */
  readonly transforms: readonly string[];
}

export interface Processing {
  readonly place: StackPlace;
  readonly given: readonly GivenParameter[];
  readonly previous?: ParameterValues | undefined;
  /** Value of a parameter of Systems Manager. */
  readonly ssm: (name: string) => Promise<string | undefined>;
  /** What lies in a bucket, for snippets. */
  readonly object: (bucket: string, key: string) => Promise<string>;
  /** ARN of a policy that AWS manages, by its name. */
  readonly managedPolicy: (name: string) => string | undefined;
}

export function transformsOf({ Transform: transform }: Fields): readonly string[] {
  if (transform === undefined || transform === null) return [];
  return [transform].flat().map((each) => {
    if (typeof each === 'string') return each;
    if (isMap(each) && typeof each['Name'] === 'string') return each['Name'];
    throw invalid('Key Name of transform definition must be a string.');
  });
}

/** From a template's text to what it stands for: its parameters decided, its transforms done, its structure sound. @throws ValidationError */
export async function processTemplate(text: string, options: Processing): Promise<Processed> {
  const parsed = parseTemplate(text);
  checkSections(parsed);
  const named = transformsOf(parsed);
  const draft = parsed as unknown as Template;
  const parameters = await decideParameters(draft, options.given, options.previous, options.ssm);
  const values = { ...pseudoValues(options.place), ...parameterRefs(draft, parameters) };
  // What stands within the template comes before what the template as a whole becomes.
  const including = hasIncludes(parsed);
  let fields = including ? await withIncludes(parsed, values, options) : parsed;
  for (const name of named) fields = carriedOut(name, () => transformed(name, fields, values, options));
  const transforms = [...(including ? ['AWS::Include'] : []), ...named];
  const { Transform: _done, ...rest } = fields;
  return { template: checkStructure(named.length === 0 ? fields : rest), parameters, transforms };
}

async function withIncludes(parsed: Fields, values: Readonly<Record<string, unknown>>, { object }: Processing): Promise<Fields> {
  const unknown = (name: string): never => {
    throw templateError(`The location of AWS::Include must be known before anything is made, and ${name} is not.`);
  };
  const evaluator = new Evaluator({
    template: parsed as unknown as Template,
    values,
    reference: unknown,
    attribute: unknown,
    imported: unknown,
    zones: () => [],
  });
  try {
    return await expandIncludes(parsed, { locate: (written) => evaluator.evaluate(written), read: object });
  } catch (error) {
    return failed('AWS::Include', error);
  }
}

/** @throws TransformFailed with what the transform says */
function carriedOut(name: string, work: () => Fields): Fields {
  try {
    return work();
  } catch (error) {
    return failed(name, error);
  }
}

function failed(name: string, error: unknown): never {
  const prefix = `Transform ${name} failed with: `;
  if (error instanceof ServiceFault)
    throw new TransformFailed(error.message.startsWith(prefix) ? error.message : prefix + error.message);
  throw error;
}

function transformed(
  name: string,
  fields: Fields,
  values: Readonly<Record<string, unknown>>,
  { place, managedPolicy }: Processing,
): Fields {
  switch (name) {
    case 'AWS::LanguageExtensions':
      return expandLoops(fields, (value) => listOf(value, values));
    case 'AWS::Serverless-2016-10-31':
      return transformSam(fields, {
        parameters: values,
        region: place.region,
        account: place.account,
        partition: 'aws',
        managedPolicy,
      });
    default:
      throw invalid(`No transform named ${name} found. Mayfly has AWS::Serverless-2016-10-31 and AWS::LanguageExtensions.`);
  }
}

function listOf(value: unknown, values: Readonly<Record<string, unknown>>): readonly unknown[] {
  const call = functionOf(value);
  const found = call?.name === 'Ref' ? values[String(call.argument)] : undefined;
  if (!Array.isArray(found)) throw templateError('Fn::ForEach requires a list, or a reference to a parameter that is one.');
  return found;
}
