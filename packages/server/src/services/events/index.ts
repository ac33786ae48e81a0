export { openEventBridge, type EventBridge, type EventBridgeOptions, type ServiceEvent } from './open.ts';
export type { DestinationHttp } from './http.ts';
export type { TargetPorts } from '../kit/targets.ts';
