export * from './logs/index.ts';
export * from './sqs/index.ts';
