import type { S3Operations } from '@mayfly/wire';
import { fromDocument, type BucketRecord } from './bucket.ts';
import { invalidArgument, invalidRequest, malformedXml, s3Fault } from './faults.ts';

type Website = NonNullable<S3Operations['PutBucketWebsite']['input']['WebsiteConfiguration']>;

export const noSuchWebsite = [
  'NoSuchWebsiteConfiguration',
  'The specified bucket does not have a website configuration',
] as const;

/** @throws NoSuchWebsiteConfiguration */
export function siteOf(bucket: BucketRecord): Website {
  const kept = bucket.documents['website'] as { readonly WebsiteConfiguration?: unknown } | undefined;
  if (kept === undefined) throw s3Fault(noSuchWebsite[0], 404, noSuchWebsite[1], { BucketName: bucket.name });
  return fromDocument(kept.WebsiteConfiguration) as Website;
}

/** @throws InvalidArgument, InvalidRequest, MalformedXML */
export function checkWebsite(website: Website | undefined): void {
  const { RedirectAllRequestsTo: all, IndexDocument: index, ErrorDocument: error, RoutingRules: rules } = website ?? {};
  if (all !== undefined) {
    if (index !== undefined || error !== undefined || rules !== undefined) {
      throw invalidArgument(
        'RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.',
        'RedirectAllRequestsTo',
        'not null',
      );
    }
    if (all.HostName === undefined) throw malformedXml();
    return checkProtocol(all.Protocol);
  }
  if (index === undefined) {
    throw invalidArgument(
      'A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty',
      'IndexDocument',
      'null',
    );
  }
  const { Suffix: suffix = '' } = index;
  if (suffix === '' || suffix.includes('/'))
    throw invalidArgument('The IndexDocument Suffix is not well formed', 'IndexDocument', suffix);
  if (error?.Key === '') throw invalidArgument('The ErrorDocument Key is not well formed', 'ErrorDocument', error.Key);
  if (rules?.length === 0) throw malformedXml();
  for (const rule of rules ?? []) checkRule(rule);
}

function checkRule({ Condition: condition, Redirect: redirect }: NonNullable<Website['RoutingRules']>[number]): void {
  if (redirect === undefined) throw malformedXml();
  const { ReplaceKeyWith: whole, ReplaceKeyPrefixWith: prefix, HttpRedirectCode: code } = redirect;
  if (whole !== undefined && prefix !== undefined)
    throw invalidRequest('You can only define ReplaceKeyPrefix or ReplaceKey but not both.');
  if (condition !== undefined && condition.KeyPrefixEquals === undefined && condition.HttpErrorCodeReturnedEquals === undefined) {
    throw invalidRequest(
      "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be present.",
    );
  }
  checkProtocol(redirect.Protocol);
  const error = condition?.HttpErrorCodeReturnedEquals;
  if (error !== undefined && !/^[45]\d\d$/.test(error))
    throw invalidRequest(`The provided HTTP error code (${error}) is not valid. Valid codes are 4XX or 5XX.`);
  if (code !== undefined && !/^3(?!00)\d\d$/.test(code))
    throw invalidRequest(`The provided HTTP redirect code (${code}) is not valid. Valid codes are 3XX except 300.`);
}

function checkProtocol(protocol: string | undefined): void {
  if (protocol === undefined || protocol === 'http' || protocol === 'https') return;
  throw invalidRequest(
    'Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.',
  );
}
