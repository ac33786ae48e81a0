/** How a bucket is served as a web site, as `PutBucketWebsite` was told. */
export interface SiteConfiguration {
  readonly IndexDocument?: { readonly Suffix?: string | undefined } | undefined;
  readonly ErrorDocument?: { readonly Key?: string | undefined } | undefined;
  readonly RedirectAllRequestsTo?: { readonly HostName?: string | undefined; readonly Protocol?: string | undefined } | undefined;
  readonly RoutingRules?: readonly RoutingRule[] | undefined;
}

export interface RoutingRule {
  readonly Condition?:
    | { readonly KeyPrefixEquals?: string | undefined; readonly HttpErrorCodeReturnedEquals?: string | undefined }
    | undefined;
  readonly Redirect?:
    | {
        readonly Protocol?: string | undefined;
        readonly HostName?: string | undefined;
        readonly ReplaceKeyPrefixWith?: string | undefined;
        readonly ReplaceKeyWith?: string | undefined;
        readonly HttpRedirectCode?: string | undefined;
      }
    | undefined;
}

/** The bucket of `<bucket>.s3-website.<region>.…` or `<bucket>.s3-website-<region>.…`; undefined for any other host. */
export const siteOf = (host: string | undefined): string | undefined =>
  /^(.+)\.s3-website[.-]/i.exec(host ?? '')?.[1]?.toLowerCase();

/** The first rule that is about a key, and about an error where there was one. */
export const ruleFor = (rules: readonly RoutingRule[] = [], key: string, status?: number): RoutingRule | undefined =>
  rules.find(
    ({ Condition: { KeyPrefixEquals: prefix = '', HttpErrorCodeReturnedEquals: error } = {} }) =>
      key.startsWith(prefix) && (error === undefined ? status === undefined : error === String(status)),
  );

/** Where a rule sends whoever asks for a key. */
export function redirectOf(
  { Condition, Redirect = {} }: RoutingRule,
  key: string,
  host: string,
): { readonly status: number; readonly location: string } {
  const { ReplaceKeyWith: whole, ReplaceKeyPrefixWith: prefix } = Redirect;
  const replaced = whole ?? (prefix === undefined ? key : `${prefix}${key.slice((Condition?.KeyPrefixEquals ?? '').length)}`);
  const path = replaced.split('/').map(encodeURIComponent).join('/');
  return {
    status: Number(Redirect.HttpRedirectCode ?? 301),
    location: `${Redirect.Protocol ?? 'http'}://${Redirect.HostName ?? host}/${path}`,
  };
}
