export { openKinesis, type Kinesis, type KinesisOptions } from './open.ts';
