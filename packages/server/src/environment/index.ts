export { CompileCaches } from './compile-cache/caches.ts';
export { openEnvironments, type EnvironmentsOptions } from './open.ts';
export * from './port.ts';
export * from './runtimes/index.ts';
export type * from './runtimes/port.ts';
export { openRuntimes, type RuntimesOptions } from './runtimes/index.ts';
export type { RuntimeListing, Runtimes } from './runtimes/port.ts';
