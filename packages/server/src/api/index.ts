export { listen, type Listener, type ListenOptions } from './listen.ts';
export { AwsDoor, type AwsDoorOptions, type HandlerTable, type HandlerTables } from './aws.ts';
export type { Authoriser } from './authoriser.ts';
export type { CallerSource, KnownCaller, SignatureCheck } from './caller.ts';
export { archiveLink, type AdminPorts } from './admin.ts';
export * from './url/index.ts';
export type { BucketPort } from './cross-origin.ts';
export { SiteDoor, type SiteDoorOptions } from './site/door.ts';
export type { RegistryDoor } from './registry-door.ts';
