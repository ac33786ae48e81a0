export { openEnvironments, type EnvironmentsOptions } from './open.ts';
export * from './port.ts';
export { runtimeVersionArn } from './records.ts';
export type * from './runtimes/port.ts';
