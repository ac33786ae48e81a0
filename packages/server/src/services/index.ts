export * from './logs/index.ts';
