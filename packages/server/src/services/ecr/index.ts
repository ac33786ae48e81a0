export { openEcr, type Ecr } from './open.ts';
export type { RegistryPort } from './port.ts';
