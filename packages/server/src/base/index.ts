export * from './clock.ts';
export * from './facts.ts';
export * from './ids.ts';
export * from './limits.ts';
export * from './log.ts';
export * from './platform-events.ts';
export * from './random.ts';
export * from './rate-limited.ts';
