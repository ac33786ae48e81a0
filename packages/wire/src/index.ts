export * from './api.ts';
export * from './call.ts';
export * from './fault.ts';
export * from './identify.ts';
export * from './not-yet.ts';
export type { Operation } from './operation.ts';
export type * from './operations-of.ts';
export * from './request.ts';
export { serviceNames, type Protocol, type ServiceName } from './services.ts';
