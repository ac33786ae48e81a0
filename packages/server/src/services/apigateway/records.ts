import type { ApiGatewayOperations } from '@mayfly/wire';
import type { Records } from '../kit/index.ts';

type Shown<Name extends keyof ApiGatewayOperations> = ApiGatewayOperations[Name]['output'];

/** A document is what AWS shows of a thing; moments are numbers in it, and what AWS fills in is left out. */
interface Named {
  readonly id: string;
}

export interface ApiRecord extends Named, Omit<Shown<'GetRestApi'>, 'id' | 'createdDate' | 'warnings' | 'rootResourceId'> {
  readonly account: string;
  readonly region: string;
  readonly rootId: string;
  readonly createdAtMs: number;
}

export type IntegrationRecord = Shown<'GetIntegration'>;
export type MethodRecord = Shown<'GetMethod'>;
export type MethodResponseRecord = Shown<'GetMethodResponse'>;
export type IntegrationResponseRecord = Shown<'GetIntegrationResponse'>;

export interface ResourceRecord extends Named {
  /** Absent for the root. */
  readonly parentId?: string | undefined;
  readonly pathPart?: string | undefined;
  readonly methods: Readonly<Record<string, MethodRecord>>;
}

export type AuthorizerRecord = Shown<'GetAuthorizer'> & Named;
export type ModelRecord = Shown<'GetModel'> & Named;
export type ValidatorRecord = Shown<'GetRequestValidator'> & Named;
/** As it was put; the rest comes from the defaults of its type. */
export type GatewayResponseRecord = Pick<Shown<'GetGatewayResponse'>, 'statusCode' | 'responseParameters' | 'responseTemplates'> &
  Named;
export type DocumentationPartRecord = Shown<'GetDocumentationPart'> & Named;

/** What a deployment keeps, as it was when it was made. */
export interface Definition {
  readonly api: ApiRecord;
  readonly resources: readonly ResourceRecord[];
  readonly authorizers: readonly AuthorizerRecord[];
  readonly models: readonly ModelRecord[];
  readonly validators: readonly ValidatorRecord[];
  readonly gatewayResponses: readonly GatewayResponseRecord[];
}

export interface DeploymentRecord extends Named {
  readonly description?: string | undefined;
  readonly createdAtMs: number;
  readonly definition: Definition;
}

/** Called by its name. */
export interface StageRecord extends Named, Omit<Shown<'GetStage'>, 'stageName' | 'createdDate' | 'lastUpdatedDate'> {
  readonly createdAtMs: number;
  readonly changedAtMs: number;
}

export interface DocumentationVersionRecord extends Named {
  readonly description?: string | undefined;
  readonly createdAtMs: number;
  readonly parts: readonly DocumentationPartRecord[];
}

export interface KeyRecord extends Named, Omit<Shown<'GetApiKey'>, 'id' | 'createdDate' | 'lastUpdatedDate' | 'value'> {
  readonly value: string;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
}

export interface PlanRecord extends Named, Omit<Shown<'GetUsagePlan'>, 'id'> {
  /** Keys of the plan, by id, in the order in which they came. */
  readonly keys: readonly string[];
}

export interface DomainRecord
  extends Named, Omit<ApiGatewayOperations['CreateDomainName']['input'], 'certificateBody' | 'certificatePrivateKey'> {
  readonly account: string;
  readonly region: string;
  readonly createdAtMs: number;
}

export interface MappingRecord {
  readonly domain: string;
  /** Empty = everything. */
  readonly basePath: string;
  readonly apiId: string;
  readonly stage?: string | undefined;
}

export interface AccountRecord {
  readonly cloudwatchRoleArn?: string | undefined;
}

/** Of an account and region, or of an API: under its id, and gone with it. */
export interface RestKinds extends Record<string, object> {
  readonly api: ApiRecord;
  readonly resource: ResourceRecord;
  readonly authorizer: AuthorizerRecord;
  readonly model: ModelRecord;
  readonly validator: ValidatorRecord;
  readonly gatewayResponse: GatewayResponseRecord;
  readonly deployment: DeploymentRecord;
  readonly stage: StageRecord;
  readonly documentationPart: DocumentationPartRecord;
  readonly documentationVersion: DocumentationVersionRecord;
  readonly key: KeyRecord;
  readonly plan: PlanRecord;
  readonly domain: DomainRecord;
  readonly mapping: MappingRecord;
  readonly account: AccountRecord;
}

export type RestRecords = Records<RestKinds>;

/** Kinds of what belongs to an API; each lies under its id, models and stages under their names. */
export const parts = [
  'resource',
  'authorizer',
  'model',
  'validator',
  'gatewayResponse',
  'deployment',
  'stage',
  'documentationPart',
  'documentationVersion',
] as const;
export type Part = (typeof parts)[number];
