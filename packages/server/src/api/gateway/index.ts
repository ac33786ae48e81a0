export { gatewayPrefix, isByName } from './address.ts';
export { GatewayDoor, type GatewayDoorOptions } from './door.ts';
