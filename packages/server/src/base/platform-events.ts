import type { PhaseStatus } from './facts.ts';
import type { RequestId } from './ids.ts';

/** @source spec 3.6-06 */
export type InitializationType = 'on-demand' | 'provisioned-concurrency' | 'snap-start' | 'lambda-managed-instances';

/** @source spec 3.5-20 */
export interface Tracing {
  readonly spanId?: string;
  readonly type: 'X-Amzn-Trace-Id';
  readonly value: string;
}

/** @source spec 3.5-13 */
export interface Span {
  readonly name: 'responseLatency' | 'responseDuration' | 'runtimeOverhead' | 'extensionOverhead';
  /** ISO 8601. */
  readonly start: string;
  readonly durationMs: number;
}

/** `platform.initStart` and `platform.initReport` say in which phase the initialisation ran. */
export type InitPhase = 'init' | 'invoke';

interface Init {
  readonly initializationType: InitializationType;
  readonly phase: InitPhase;
}
interface InitEnd extends Init {
  readonly status: PhaseStatus;
  readonly errorType?: string;
  readonly spans?: readonly Span[];
}

/**
 * What the platform says of an environment, in the words of the Telemetry API. The one source of the
 * text lines (START, END, REPORT, INIT_START …), the JSON log and the Telemetry stream, so that they
 * cannot disagree. @source spec 3.5-09 to 3.5-19
 */
export type PlatformRecord =
  | {
      readonly type: 'platform.initStart';
      readonly record: Init & {
        readonly functionName: string;
        readonly functionVersion: string;
        readonly runtimeVersion?: string;
        readonly runtimeVersionArn?: string;
        readonly instanceId?: string;
        readonly instanceMaxMemory?: number;
      };
    }
  | { readonly type: 'platform.initRuntimeDone'; readonly record: InitEnd }
  | {
      readonly type: 'platform.initReport';
      readonly record: InitEnd & { readonly metrics: { readonly durationMs: number } };
    }
  | {
      readonly type: 'platform.start';
      readonly record: { readonly requestId: RequestId; readonly version: string; readonly tracing?: Tracing };
    }
  | {
      readonly type: 'platform.runtimeDone';
      readonly record: {
        readonly requestId: RequestId;
        readonly status: PhaseStatus;
        readonly errorType?: string;
        readonly metrics: { readonly durationMs: number; readonly producedBytes?: number };
        readonly spans?: readonly Span[];
        readonly tracing?: Tracing;
      };
    }
  | {
      readonly type: 'platform.report';
      readonly record: {
        readonly requestId: RequestId;
        readonly status: PhaseStatus;
        readonly errorType?: string | undefined;
        readonly metrics: {
          readonly durationMs: number;
          readonly billedDurationMs: number;
          readonly memorySizeMB: number;
          readonly maxMemoryUsedMB: number;
          readonly initDurationMs?: number | undefined;
        };
        readonly spans?: readonly Span[];
        readonly tracing?: Tracing;
      };
    }
  | {
      readonly type: 'platform.extension';
      readonly record: {
        readonly name: string;
        readonly state: string;
        readonly events: readonly string[];
        readonly errorType?: string;
      };
    }
  | {
      readonly type: 'platform.telemetrySubscription' | 'platform.logsSubscription';
      readonly record: { readonly name: string; readonly state: string; readonly types: readonly string[] };
    }
  | {
      readonly type: 'platform.logsDropped';
      readonly record: { readonly reason: string; readonly droppedRecords: number; readonly droppedBytes: number };
    };

/** A platform record with its moment. */
export type PlatformEvent = PlatformRecord & { readonly atMs: number };

/** How a log wants its platform lines. */
export interface PlatformLineStyle {
  readonly logFormat: 'Text' | 'JSON';
  readonly systemLogLevel?: 'DEBUG' | 'INFO' | 'WARN';
}

/**
 * The lines a platform event leaves in the function's log: none, one, or more (END and REPORT come
 * from one report). `observe` implements it; environments are handed it. @source spec 5.1, 5.2
 */
export type PlatformLineWriter = (event: PlatformEvent, style: PlatformLineStyle) => readonly string[];
