import { isDeepStrictEqual } from 'node:util';
import { InvalidPart } from '../faults.ts';
import { asMap, isMap, listOf, sub, type Fields } from '../values.ts';
import { executionPath, type Route } from './route.ts';

/**
 * Who may call an API from where: what events say of their methods, then what the API says of all of them.
 *
 * @param methods  of the document, by path
 * @throws InvalidPart
 */
export function resourcePolicy(
  written: unknown,
  stage: unknown,
  routes: readonly Route[],
  methods: ReadonlyMap<string, readonly string[]>,
): Fields | undefined {
  const statements: Fields[] = [];
  const add = (statement: Fields): void => {
    if (!statements.some((each) => isDeepStrictEqual(each, statement))) statements.push(statement);
  };
  const places = (path: string, of: readonly string[]): readonly Fields[] =>
    of.map((method) => sub(`execute-api:/\${__Stage__}/${executionPath(path, method)}`, { __Stage__: stage }));
  for (const { path, method, auth } of routes) {
    const own = readPolicy(auth['ResourcePolicy']);
    for (const statement of statementsOf(own, places(path, [method]))) add(statement);
    for (const statement of customOf(own)) add(statement);
  }
  const forAll = readPolicy(written);
  for (const [path, names] of methods) for (const statement of statementsOf(forAll, places(path, names))) add(statement);
  for (const statement of customOf(forAll)) add(statement);
  return statements.length === 0 ? undefined : { Version: '2012-10-17', Statement: statements };
}

function readPolicy(written: unknown): Fields {
  if (written !== undefined && !isMap(written))
    throw new InvalidPart('Structure of the SAM template is invalid. ResourcePolicy must be a map (ResourcePolicyStatement).');
  return asMap(written);
}

const customOf = ({ CustomStatements: custom }: Fields): readonly Fields[] =>
  (custom === undefined ? [] : listOf(custom)) as Fields[];

function statementsOf(policy: Fields, Resource: readonly Fields[]): readonly Fields[] {
  const list = (name: string): readonly unknown[] => (policy[name] === undefined ? [] : listOf(policy[name]));
  const named = (name: string, prefix: string): readonly unknown[] =>
    list(name).filter((each) => typeof each === 'string' && each.startsWith(prefix));
  const of = (kind: 'Whitelist' | 'Blacklist') => ({
    'aws:SourceVpc': [...named(`SourceVpc${kind}`, 'vpc-'), ...list(`IntrinsicVpc${kind}`)],
    'aws:SourceVpce': [...named(`SourceVpc${kind}`, 'vpce-'), ...list(`IntrinsicVpce${kind}`)],
  });
  const statement = (Effect: 'Allow' | 'Deny', Principal: unknown, Condition?: Fields): Fields => ({
    Effect,
    Principal,
    Action: 'execute-api:Invoke',
    Resource,
    ...(Condition === undefined ? {} : { Condition }),
  });
  const accounts = [
    ['Allow', list('AwsAccountWhitelist')],
    ['Deny', list('AwsAccountBlacklist')],
  ] as const;
  const conditions = [
    ['NotIpAddress', { 'aws:SourceIp': list('IpRangeWhitelist') }],
    ['IpAddress', { 'aws:SourceIp': list('IpRangeBlacklist') }],
    ['StringEquals', of('Blacklist')],
    ['StringNotEquals', of('Whitelist')],
  ] as const;
  const denials = conditions.flatMap(([operator, keys]) => {
    const given = Object.fromEntries(Object.entries(keys).filter(([, values]) => values.length > 0));
    return Object.keys(given).length === 0 ? [] : [statement('Deny', '*', { [operator]: given })];
  });
  return [
    ...accounts.flatMap(([effect, ids]) => (ids.length === 0 ? [] : [statement(effect, { AWS: ids })])),
    // What is denied to some is allowed to the others.
    ...(denials.length === 0 ? [] : [statement('Allow', '*'), ...denials]),
  ];
}
