export { addressed, type Addressed } from './address.ts';
export { UrlDoor, type UrlDoorOptions } from './door.ts';
export { pathStyle, type Cors, type FunctionUrl, type FunctionUrls } from './port.ts';
