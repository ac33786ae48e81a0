import { given } from '../kit/functions.ts';
import { recordings, type Answer, type Scenario, type Scenarios, type Stage } from '../kit/stage.ts';

const a = (times: number): string => 'a'.repeat(times);
const here = (stage: Stage): string => stage.arn('function:my-function');
const elsewhere = 'arn:aws:lambda:invalid-region:111111111111:function:my-function';

/** Names and qualifiers, good and bad. A creation has no qualifier: there it is written into the name. */
const cases: Readonly<Record<string, (stage: Stage) => readonly [name: string, qualifier?: string]>> = {
  function_name_is_single_invalid: () => ['*'],
  invalid_characters_in_function_name: () => ['my-function!'],
  invalid_characters_in_qualifier: () => ['my-function', 'invalid!'],
  qualifier_too_long0: () => ['my-function', a(129)],
  qualifier_too_long: () => ['my-function', a(129)],
  qualifier_too_long1: () => ['my-function', a(65)],
  function_name_and_qualifier_too_long: () => ['my-function', a(65)],
  function_name_too_long: () => [a(65)],
  invalid_account_id_in_partial_arn: () => ['invalid-account:function:my-function'],
  invalid_region_in_arn: () => [elsewhere],
  non_lambda_arn: (stage) => [`arn:aws:ec2:${stage.region}:111111111111:instance:i-1234567890abcdef0`],
  function_name_too_long_and_invalid_region: () => [elsewhere + a(170)],
  full_arn_and_qualifier_too_long_and_invalid_region: () => [`${elsewhere}-${a(170)}`, a(129)],
  full_arn_with_multiple_qualifiers: (stage) => [`${here(stage)}:1:2`],
  incomplete_arn: (stage) => [stage.arn('function')],
  partial_arn_with_extra_qualifier: () => ['function:my-function:$LATEST:extra'],
  latest_version_with_additional_qualifier: (stage) => [`${here(stage)}:$LATEST`, '1'],
  lowercase_latest_qualifier: (stage) => [here(stage), '$latest'],
  missing_region_in_arn: () => ['arn:aws:lambda::111111111111:function:my-function'],
  missing_account_id_in_arn: (stage) => [`arn:aws:lambda:${stage.region}::function:my-function`],
  misspelled_latest_in_arn: (stage) => [`${here(stage)}:$LATES`],
};

type Call = (stage: Stage, name: string, qualifier: string | undefined) => Promise<Answer>;

const named = (name: string, qualifier: string | undefined): { FunctionName: string; Qualifier?: string } =>
  qualifier === undefined ? { FunctionName: name } : { FunctionName: name, Qualifier: qualifier };

const operations: Readonly<Record<string, Call>> = {
  get_function: (stage, name, qualifier) => stage.answer(stage.api.getFunction(named(name, qualifier))),
  delete_function: (stage, name, qualifier) => stage.answer(stage.api.deleteFunction(named(name, qualifier))),
  invoke: (stage, name, qualifier) => stage.answer(stage.api.invoke(named(name, qualifier))),
  create_function: async (stage, name, qualifier) =>
    stage.answer(stage.api.createFunction(await given(qualifier === undefined ? name : `${name}:${qualifier}`))),
};

/** Not every pair was recorded. */
const recorded = recordings();

export const nameScenarios: Scenarios = Object.fromEntries(
  Object.entries(cases).flatMap(([title, of]) =>
    Object.entries(operations)
      .map(([operation, call]) => ({
        operation,
        call,
        name: `TestLambdaFunction.test_function_name_and_qualifier_validation[${title}-${operation}]`,
      }))
      .filter(({ name }) => Object.keys(recorded.get(name)?.answers ?? {}).length > 0)
      .map(({ operation, call, name }): [string, Scenario] => [
        name,
        async (stage) => {
          const { Error: error } = (await call(stage, ...of(stage))) as { Error?: { Code: string; Message: string } };
          stage.match(`${operation}_exception`, listed(error));
        },
      ]),
  ),
);

/** Violations are recorded as a list. */
function listed(error: { Code: string; Message: string } | undefined): Answer {
  const found = /^(\d+) validation errors? detected: (.*)$/s.exec(error?.Message ?? '');
  if (found === null) return { ...error };
  return { Code: error?.Code, Count: Number(found[1]), Errors: found[2]?.split('; ') };
}
