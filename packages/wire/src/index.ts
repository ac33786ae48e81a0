export * from './call.ts';
export * from './fault.ts';
