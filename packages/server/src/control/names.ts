import { ServiceFault } from '@mayfly/wire';
import { functionArn, type AccountId, type FunctionArn, type Region } from '../base/index.ts';
import { invalid, notFound } from './faults.ts';

/** Where records live: one account in one region. */
export interface Scope {
  readonly account: AccountId;
  readonly region: Region;
}

export interface FunctionName {
  readonly functionName: string;
  /** `$LATEST`, `$LATEST.PUBLISHED`, a number or an alias; absent when none was given. */
  readonly qualifier?: string;
}

const plain = /^[\w-]+$/;
const forms =
  /^(?:arn:aws[a-zA-Z-]*:lambda:)?(?:(?<region>(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?(?:(?<account>\d{12}):)?(?:function:)?(?<name>[\w.-]+)(?::(?<qualifier>\$LATEST(?:\.PUBLISHED)?|[\w-]+))?$/;

/**
 * Reads a function's name in any of its forms, together with the `Qualifier` parameter.
 *
 * @throws ResourceNotFoundException      an ARN of another region. @source spec 0.2-05
 * @throws AccessDeniedException          an ARN of another account. @source spec 0.2-06
 * @throws InvalidParameterValueException two qualifiers that differ. @source spec 0.2-04
 */
export function parseFunctionName(given: string, qualifier: string | undefined, scope: Scope): FunctionName {
  const read = readFunctionName(given);
  if (read === undefined) throw invalid(`Invalid function name: ${given}`);
  checkPlace(read, scope, given);
  const derived = read.qualifier;
  if (derived !== undefined && qualifier !== undefined && derived !== qualifier)
    throw invalid('The derived qualifier from the function name does not match the specified qualifier.');
  const { functionName } = read;
  const both = derived ?? qualifier;
  return both === undefined ? { functionName } : { functionName, qualifier: both };
}

/** What stands in a name, wherever it leads; undefined for what is no name. Whoever decides about callers reads names the same way. */
export function readFunctionName(
  given: string,
): (FunctionName & { readonly region?: string; readonly account?: string }) | undefined {
  if (plain.test(given)) return { functionName: given };
  const parts = forms.exec(given)?.groups;
  if (parts === undefined) return undefined;
  const { region, account, name = '', qualifier } = parts;
  return {
    functionName: name,
    ...(qualifier === undefined ? {} : { qualifier }),
    ...(region === undefined ? {} : { region }),
    ...(account === undefined ? {} : { account }),
  };
}

/** For operations on the function itself. @throws InvalidParameterValueException when a version or alias is named. @source spec 9.3-20 */
export function unqualified(given: string, scope: Scope): string {
  const { functionName, qualifier } = parseFunctionName(given, undefined, scope);
  if (qualifier !== undefined)
    throw invalid(
      'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.',
    );
  return functionName;
}

export const isVersion = (qualifier: string): boolean => /^\d+$/.test(qualifier);

export const arnOf = (scope: Scope, functionName: string): FunctionArn => functionArn(scope.region, scope.account, functionName);

export const qualifiedArn = (scope: Scope, functionName: string, qualifier: string | undefined): string =>
  qualifier === undefined ? arnOf(scope, functionName) : `${arnOf(scope, functionName)}:${qualifier}`;

export const layerArn = (scope: Scope, layerName: string): string =>
  `arn:aws:lambda:${scope.region}:${scope.account}:layer:${layerName}`;

/** A layer by name or ARN. @throws like parseFunctionName */
export function parseLayerName(given: string, scope: Scope): string {
  const parts = /^arn:aws[a-zA-Z-]*:lambda:(?<region>[a-z0-9-]+):(?<account>\d{12}):layer:(?<name>[\w-]+)$/.exec(given)?.groups;
  if (parts === undefined) return given;
  if (parts['region'] !== scope.region) throw notFound('The resource you requested does not exist.');
  checkPlace(parts, scope, given);
  return parts['name'] ?? '';
}

function checkPlace(
  parts: { readonly region?: string | undefined; readonly account?: string | undefined },
  scope: Scope,
  given: string,
): void {
  const { region, account } = parts;
  if (region !== undefined && region !== scope.region)
    throw notFound(`Functions from '${region}' are not reachable in this region ('${scope.region}')`);
  if (account !== undefined && account !== scope.account)
    throw new ServiceFault(
      'AccessDeniedException',
      `${given} belongs to another account, and no resource-based policy allows this action.`,
      {
        status: 403,
      },
    );
}
