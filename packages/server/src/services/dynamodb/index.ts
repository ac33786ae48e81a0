export { openDynamoDb, type DynamoDb, type DynamoDbOptions } from './open.ts';
