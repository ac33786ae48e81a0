export * from './port.ts';
export { openEvents, type Events, type EventsOptions } from './open.ts';
export { deliverEnded } from './destinations/ended.ts';
export { deliverFailures } from './destinations/batch.ts';
export type { Targets, TextAttributes } from './destinations/targets.ts';
