import type { ApiGatewayV2Operations } from '@mayfly/wire';
import type { Records } from '../kit/index.ts';

type Input<Name extends keyof ApiGatewayV2Operations> = ApiGatewayV2Operations[Name]['input'];
/** A document is what it was made with, as updates have changed it. */
type Kept<Name extends keyof ApiGatewayV2Operations, Left extends string = 'ApiId'> = Omit<Input<Name>, Left>;

export interface ApiRecord extends Kept<'CreateApi', 'Target' | 'RouteKey' | 'CredentialsArn'> {
  readonly id: string;
  readonly account: string;
  readonly region: string;
  readonly createdAtMs: number;
  readonly importInfo?: readonly string[];
}

interface Managed {
  readonly id: string;
  /** Made by quick create: goes and changes with the API. */
  readonly managed?: boolean;
}

export type RouteRecord = Kept<'CreateRoute'> & Managed;
export type IntegrationRecord = Kept<'CreateIntegration'> & Managed;
export type AuthorizerRecord = Kept<'CreateAuthorizer'> & Managed;

export interface StageRecord extends Kept<'CreateStage'>, Managed {
  readonly createdAtMs: number;
  readonly changedAtMs: number;
}

/** What a deployment serves, as it was when it was made. */
export interface Definition {
  readonly routes: readonly RouteRecord[];
  readonly integrations: readonly IntegrationRecord[];
  readonly authorizers: readonly AuthorizerRecord[];
}

export interface DeploymentRecord {
  readonly id: string;
  readonly description?: string;
  readonly createdAtMs: number;
  /** Absent for those that a stage made for itself: it serves what is. */
  readonly definition?: Definition;
}

export interface DomainRecord extends Input<'CreateDomainName'> {
  readonly id: string;
  readonly account: string;
  readonly region: string;
}

export interface MappingRecord {
  readonly id: string;
  readonly domain: string;
  readonly apiId: string;
  readonly stage: string;
  readonly key: string;
}

/** APIs and domain names lie under account and region, what belongs to an API under that and its id. */
export interface HttpKinds extends Record<string, object> {
  readonly api: ApiRecord;
  readonly route: RouteRecord;
  readonly integration: IntegrationRecord;
  readonly authorizer: AuthorizerRecord;
  readonly stage: StageRecord;
  readonly deployment: DeploymentRecord;
  readonly domain: DomainRecord;
  readonly mapping: MappingRecord;
}

export type HttpRecords = Records<HttpKinds>;
/** Kinds of what belongs to an API. */
export const parts = ['route', 'integration', 'authorizer', 'stage', 'deployment'] as const;
export type Part = (typeof parts)[number];
