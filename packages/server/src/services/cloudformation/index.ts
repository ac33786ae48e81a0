export { openCloudFormation, type CloudFormation, type CloudFormationOptions } from './open.ts';
export { signalPath } from './engine/signals.ts';
export type { Actor, Road } from './aws.ts';
