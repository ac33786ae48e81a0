export { openSsm, type Ssm, type SsmHandlers } from './open.ts';
