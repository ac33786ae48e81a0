export { installBubblewrap } from './install.ts';
export { jailObstacle, type Obstacle } from './jail/obstacle.ts';
export { openJail, openNone, openSandboxes, type Sandboxes, type SandboxOptions } from './open.ts';
export { rangeFault } from './network/ranges.ts';
export * from './port.ts';
