import type { Random } from './random.ts';

declare const brand: unique symbol;
/** A string that says what it names, so that two kinds of it cannot be swapped. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Twelve digits. @source spec 0.2-23 */
export type AccountId = Brand<string, 'AccountId'>;
/** For example `us-east-1`. */
export type Region = Brand<string, 'Region'>;
/** A UUID; one per API call, and stable over the retries of an asynchronous event. @source spec 2.9-05 */
export type RequestId = Brand<string, 'RequestId'>;
/** Unqualified: `arn:aws:lambda:<region>:<account>:function:<name>`. */
export type FunctionArn = Brand<string, 'FunctionArn'>;
/** Names one execution environment for ever; also its folder, cgroup and log stream. 32 lower-case hex digits. */
export type EnvironmentId = Brand<string, 'EnvironmentId'>;

export const newEnvironmentId = (random: Random): EnvironmentId => Buffer.from(random.bytes(16)).toString('hex') as EnvironmentId;

export const functionArn = (region: Region, account: AccountId, functionName: string): FunctionArn =>
  `arn:aws:lambda:${region}:${account}:function:${functionName}` as FunctionArn;
