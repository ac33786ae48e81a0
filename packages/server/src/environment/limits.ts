import type { Limits } from '../base/index.ts';
import type { FunctionVersion } from '../control/index.ts';
import type { ResourceLimits } from '../sandbox/index.ts';

/** What a function has a right to. @source spec 3.7-09, 3.7-10 */
export const functionLimits = (version: FunctionVersion, limits: Limits): ResourceLimits => ({
  memoryMiB: version.memoryMiB,
  cpuCores: version.memoryMiB / limits.memoryMiBPerCore,
  processes: limits.processes,
  openFiles: limits.openFiles,
  tmpMiB: version.ephemeralStorageMiB,
});

/** Of a whole machine's cores; what Lambda gives is close to it. */
const initCores = 2;

/**
 * The same while it initialises: Lambda lends a small function more of the processor for that, so that memory
 * size hardly changes how long an initialisation takes (published series of daily cold starts from 128 to 1024 MB
 * differ by three per cent). Its own share would make Node's start ten times as long.
 */
export const initLimits = (version: FunctionVersion, limits: Limits): ResourceLimits => {
  const own = functionLimits(version, limits);
  return { ...own, cpuCores: Math.max(own.cpuCores, initCores) };
};

/** Of a box that waits for its function: enough for any interpreter to start, and no more than a core. */
export const pooledLimits = (limits: Limits): ResourceLimits => ({
  memoryMiB: 512,
  cpuCores: 1,
  processes: limits.processes,
  openFiles: limits.openFiles,
  tmpMiB: defaultTmpMiB,
});

/** Boxes that wait have it; a function that wants another size gets a box of its own. @source spec 3.7-03 */
export const defaultTmpMiB = 512;
