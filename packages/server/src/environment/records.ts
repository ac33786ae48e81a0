import { createHash } from 'node:crypto';
import type { PlatformRecord, Region, Tracing } from '../base/index.ts';
import type { FunctionVersion } from '../control/index.ts';
import type { Invocation, Usage } from './port.ts';
import type { Run } from './run.ts';
import type { ResolvedRuntime } from './runtimes/port.ts';

/** Names a runtime at one version of its interpreter, as `RuntimeVersionConfig` does. */
const runtimeVersionArn = (region: Region, runtime: Pick<ResolvedRuntime, 'identifier' | 'interpreterVersion'>): string => {
  const hash = createHash('sha256')
    .update(`${runtime.identifier} ${runtime.interpreterVersion ?? ''}`)
    .digest('hex');
  return `arn:aws:lambda:${region}::runtime:${hash}`;
};

/** @source spec 5.1-01 */
export function runtimeVersion(
  runtime: ResolvedRuntime,
  region: Region,
): { readonly runtimeVersion?: string; readonly runtimeVersionArn?: string } {
  if (runtime.interpreterVersion === undefined) return {};
  return {
    runtimeVersion: `${runtime.family}:${runtime.interpreterVersion}`,
    runtimeVersionArn: runtimeVersionArn(region, runtime),
  };
}

/** @source spec 3.5-20 */
export function tracing(version: FunctionVersion, invocation: Invocation): { readonly tracing?: Tracing } {
  if (version.tracingMode !== 'Active') return {};
  return { tracing: { type: 'X-Amzn-Trace-Id', value: invocation.traceId } };
}

/** @source spec 3.5-13 */
export function runtimeDone(version: FunctionVersion, run: Run): PlatformRecord {
  const { invocation, status, errorType, producedBytes } = run;
  return {
    type: 'platform.runtimeDone',
    record: {
      requestId: invocation.requestId,
      status,
      ...(errorType === undefined ? {} : { errorType }),
      metrics: {
        durationMs: (run.runtimeDoneAtMs ?? run.startedAtMs) - run.startedAtMs,
        ...(producedBytes === undefined ? {} : { producedBytes }),
      },
      ...tracing(version, invocation),
    },
  };
}

/** @source spec 3.5-14, 5.1-10 */
export function report(version: FunctionVersion, run: Run, usage: Usage): PlatformRecord {
  const { durationMs, initMs, maxMemoryUsedMiB, status, errorType } = usage;
  return {
    type: 'platform.report',
    record: {
      requestId: run.invocation.requestId,
      status,
      errorType,
      metrics: {
        durationMs,
        billedDurationMs: Math.ceil(durationMs + (initMs ?? 0)),
        memorySizeMB: version.memoryMiB,
        maxMemoryUsedMB: maxMemoryUsedMiB,
        initDurationMs: initMs,
      },
      ...tracing(version, run.invocation),
    },
  };
}
