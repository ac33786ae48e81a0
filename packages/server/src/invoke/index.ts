export * from './port.ts';
export { openInvoke, type Invoke, type InvokeCounts, type InvokeOptions } from './open.ts';
export { defaultKeepAlive, type KeepAlive } from './keep-alive.ts';
export type { ConcurrencyCount, ThrottleReason } from './admission.ts';
export type { InvokeHandlers } from './handlers.ts';
export type { QueueLimits } from './queue/event-queue.ts';
export type { Condition, DeliveryTarget, EndedEvent, EventInvokeConfig, EventPorts } from './queue/event.ts';
