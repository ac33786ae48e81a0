export * from './port.ts';
export { openEvents, type Events, type EventsOptions } from './open.ts';
