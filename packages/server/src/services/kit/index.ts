export * from './pages.ts';
export * from './records.ts';
export * from './repeating.ts';
export * from './sealer.ts';
export * from './metric.ts';
export * from './ids.ts';
export * from './automaton.ts';
export * from './without.ts';
export type { Sender } from './sender.ts';
