export { openDurable, type Durable, type DurableOptions } from './open.ts';
export { readCallbackId } from './names.ts';
export type { DurablePorts, StatusChange } from './port.ts';
export type { DurableHandlers } from './handlers.ts';
export type { Update } from './operation.ts';
