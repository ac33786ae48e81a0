import { ServiceFault } from '@mayfly/wire';
import type { ParameterRecord, ParameterVersion, SsmRecords } from './records.ts';

export const fault = (code: string, message: string): ServiceFault => new ServiceFault(code, message, { status: 400 });
export const invalid = (message: string): ServiceFault => fault('ValidationException', message);
// AWS gives no text with it.
export const notFound = (): ServiceFault => fault('ParameterNotFound', '');

const deepest = 15;

/** @throws ValidationException */
export function checkName(name: string): void {
  if (/^\/?(aws|ssm)/i.test(name)) {
    throw invalid(
      'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_',
    );
  }
  if (name.includes('/') && !name.startsWith('/')) throw invalid('Parameter name must be a fully qualified name.');
  if (!/^[\w./-]+$/.test(name) || name.includes('//') || name.endsWith('/')) {
    throw invalid('Parameter name must not contain empty sub-paths and can use only letters, numbers and the symbols . - _ /');
  }
  if (name.split('/').length - 1 > deepest) {
    throw fault('HierarchyLevelLimitExceededException', `A hierarchy can have a maximum of ${deepest} levels.`);
  }
}

export interface Found {
  readonly record: ParameterRecord;
  readonly version: ParameterVersion;
  /** As the caller wrote it: `:3`, `:stable`. */
  readonly selector?: string;
}

/**
 * A parameter by its name or ARN, with the version or label the name ends with.
 *
 * @throws ParameterNotFound, ParameterVersionNotFound
 */
export function find(records: Pick<SsmRecords, 'get'>, scope: string, text: string): Found {
  const path = /^arn:[\w-]+:ssm:[\w-]*:\d*:parameter\/(.*)$/.exec(text)?.[1];
  const [named = '', selector] = split(path ?? text);
  const record =
    path === undefined
      ? records.get('parameter', scope, named)
      : (records.get('parameter', scope, `/${named}`) ?? records.get('parameter', scope, named));
  if (record === undefined) throw notFound();
  if (selector === undefined) return { record, version: record.versions.at(-1) as ParameterVersion };
  const version = record.versions.find((each) => String(each.version) === selector || each.labels.includes(selector));
  if (version === undefined) {
    throw fault(
      'ParameterVersionNotFound',
      /^\d+$/.test(selector)
        ? `Systems Manager could not find version ${selector} of ${named}. Verify the version and try again.`
        : `Systems Manager could not find label ${selector} of ${named}. Verify the label and try again.`,
    );
  }
  return { record, version, selector: `:${selector}` };
}

function split(text: string): [string, string?] {
  const colon = text.indexOf(':');
  return colon === -1 ? [text] : [text.slice(0, colon), text.slice(colon + 1)];
}

export const parameterArn = (place: { readonly account: string; readonly region: string }, name: string): string =>
  `arn:aws:ssm:${place.region}:${place.account}:parameter${name.startsWith('/') ? '' : '/'}${name}`;
