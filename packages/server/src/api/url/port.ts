import type { AccountId, Region } from '../../base/index.ts';

/** A function's address, as its configuration says. @source spec 1.7 */
export interface FunctionUrl {
  /** First label of the host name; names the URL for ever. */
  readonly id: string;
  readonly account: AccountId;
  readonly region: Region;
  readonly functionName: string;
  /** An alias; absent for `$LATEST`. */
  readonly qualifier?: string;
  readonly authType: 'NONE' | 'AWS_IAM';
  readonly invokeMode: 'BUFFERED' | 'RESPONSE_STREAM';
  readonly cors?: Cors;
}

/** @source spec 1.7-05 */
export interface Cors {
  readonly allowCredentials?: boolean;
  readonly allowHeaders?: readonly string[];
  readonly allowMethods?: readonly string[];
  readonly allowOrigins?: readonly string[];
  readonly exposeHeaders?: readonly string[];
  readonly maxAgeS?: number;
}

/** Looks addresses up in memory; `main` plugs it in. */
export interface FunctionUrls {
  find(id: string): FunctionUrl | undefined;
}

/** Path-style addresses begin with this and the id: they work where names below the host do not resolve. */
export const pathPrefix = '/_mayfly/url/';

/** The address of a URL as its callers reach this server. */
export const pathStyle = (origin: string, id: string): string => `${origin}${pathPrefix}${id}/`;
