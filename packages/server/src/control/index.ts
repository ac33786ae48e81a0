export * from './catalog.ts';
export type * from './code/port.ts';
export type { ControlHandlers } from './handlers.ts';
export { openControl, type Control, type ControlOptions } from './open.ts';
export type * from './ports.ts';
