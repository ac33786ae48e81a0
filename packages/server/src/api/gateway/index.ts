export { gatewayPrefix } from './address.ts';
export { GatewayDoor, type GatewayDoorOptions } from './door.ts';
