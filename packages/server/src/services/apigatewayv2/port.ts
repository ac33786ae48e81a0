import type { Expression } from './mapping/expression.ts';
import type { MappingRule } from './mapping/rules.ts';

/** What the gateway serves, as the records have it: looked up in memory, made again when a record changes. */
export interface HttpApi {
  readonly id: string;
  readonly account: string;
  readonly region: string;
  readonly cors?: HttpApiCors;
  /** Only its own domain names lead to it. */
  readonly closed: boolean;
  readonly stages: ReadonlyMap<string, HttpStage>;
}

export interface HttpApiCors {
  readonly allowCredentials?: boolean;
  readonly allowHeaders?: readonly string[];
  readonly allowMethods?: readonly string[];
  readonly allowOrigins?: readonly string[];
  readonly exposeHeaders?: readonly string[];
  readonly maxAgeS?: number;
}

export interface HttpStage {
  readonly name: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly routes: readonly HttpRoute[];
  readonly accessLog?: AccessLog;
}

/** Where a line for each request goes, and what stands in it. */
export interface AccessLog {
  readonly logGroup: string;
  readonly format: string;
}

export interface HttpRoute {
  /** `GET /pets/{id}`, or `$default`. */
  readonly key: string;
  readonly integration?: HttpIntegration;
  readonly authorization: 'NONE' | 'AWS_IAM' | 'CUSTOM' | 'JWT';
  readonly authorizer?: HttpAuthorizer;
  readonly scopes: readonly string[];
  /** How many requests it takes; absent = all. */
  readonly throttle?: { readonly burst: number; readonly ratePerS: number };
}

export interface HttpIntegration {
  readonly type: string;
  /** ARN of a function, or a URL. */
  readonly uri: string;
  readonly method: string;
  readonly payloadFormat: '1.0' | '2.0';
  readonly timeoutMs: number;
  readonly credentialsArn?: string;
  readonly requestRules: readonly MappingRule[];
  /** By status code. */
  readonly responseRules: Readonly<Record<string, readonly MappingRule[]>>;
  /** An operation of another service instead of an URI. */
  readonly operation?: {
    readonly service: string;
    readonly name: string;
    readonly parameters: Readonly<Record<string, Expression>>;
  };
}

export interface HttpAuthorizer {
  readonly id: string;
  /** What tells callers apart. */
  readonly identitySource: readonly Expression[];
  readonly jwt?: { readonly issuer: string; readonly audience: readonly string[] };
  readonly lambda?: {
    readonly uri: string;
    readonly payloadFormat: '1.0' | '2.0';
    readonly simple: boolean;
    readonly ttlMs: number;
    readonly credentialsArn?: string;
  };
}

/** Where a domain name leads: the mapping whose key begins the path, the longest first. */
export interface DomainTarget {
  readonly key: string;
  readonly apiId: string;
  readonly stage: string;
}

export interface HttpApis {
  find(id: string): HttpApi | undefined;
  /** Undefined for a name that is none of ours. */
  domain(host: string): readonly DomainTarget[] | undefined;
}
