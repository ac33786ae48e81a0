export * from './logs/index.ts';
export * from './sqs/index.ts';
export * from './keys/index.ts';
export * from './sts/index.ts';
export { MasterKey, openText, sealText, type Sealer } from './kit/index.ts';
export * from './dynamodb/index.ts';
export * from './sns/index.ts';
export * from './kinesis/index.ts';
export * from './iam/index.ts';
