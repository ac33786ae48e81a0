export * from './catalog.ts';
export * from './code/index.ts';
export type { ControlHandlers } from './handlers.ts';
export { openControl, type Control, type ControlOptions } from './open.ts';
export type * from './ports.ts';
export { readFunctionName } from './names.ts';
export type { MappingProgress, MappingView } from './mappings/book.ts';
export type { Statement } from './policies/record.ts';
export type { UrlTarget } from './urls/book.ts';
