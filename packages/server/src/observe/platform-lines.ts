import type { PlatformEvent, PlatformLineStyle, PlatformLineWriter, PhaseStatus } from '../base/index.ts';
import { levelOf, type SystemLevel } from './system-level.ts';

const rank: Readonly<Record<SystemLevel, number>> = { DEBUG: 0, INFO: 1, WARN: 2 };

/**
 * The lines an event of the platform leaves in a function's log. Text has its own wording for some
 * events and none for others; JSON writes every event that the system log level lets pass.
 *
 * @source spec 5.1, 5.2
 */
export const platformLines: PlatformLineWriter = (event, style) =>
  style.logFormat === 'JSON' ? jsonLines(event, style) : textLines(event);

function jsonLines(event: PlatformEvent, style: PlatformLineStyle): readonly string[] {
  // @source spec 5.2-01: JSON without levels means INFO
  if (rank[levelOf(event)] < rank[style.systemLogLevel ?? 'INFO']) return [];
  return [JSON.stringify({ time: new Date(event.atMs).toISOString(), type: event.type, record: event.record })];
}

function textLines(event: PlatformEvent): readonly string[] {
  switch (event.type) {
    case 'platform.initStart': {
      const { runtimeVersion, runtimeVersionArn, phase } = event.record;
      if (phase === 'invoke' || runtimeVersion === undefined) return [];
      const arn = runtimeVersionArn === undefined ? '' : `\tRuntime Version ARN: ${runtimeVersionArn}`;
      return [`INIT_START Runtime Version: ${runtimeVersion}${arn}`];
    }
    case 'platform.initReport': {
      const { status, initializationType, phase, metrics, errorType } = event.record;
      if (status === 'success' && initializationType === 'on-demand') return [];
      const parts = [`INIT_REPORT Init Duration: ${metrics.durationMs.toFixed(2)} ms`, `Phase: ${phase}`, `Status: ${status}`];
      if (errorType !== undefined) parts.push(`Error Type: ${errorType}`);
      return [parts.join('\t')];
    }
    case 'platform.start':
      return [`START RequestId: ${event.record.requestId} Version: ${event.record.version}`];
    case 'platform.report':
      return [`END RequestId: ${event.record.requestId}`, report(event.record)];
    case 'platform.extension': {
      const { name, state, events, errorType } = event.record;
      const error = errorType === undefined ? '' : `\tError Type: ${errorType}`;
      return [`EXTENSION\tName: ${name}\tState: ${state}\tEvents: [${events.join(', ')}]${error}`];
    }
    case 'platform.telemetrySubscription':
    case 'platform.logsSubscription': {
      const { name, state, types } = event.record;
      const word = event.type === 'platform.logsSubscription' ? 'LOGS' : 'TELEMETRY';
      return [`${word}\tName: ${name}\tState: ${state}\tTypes: [${types.map(capitalised).join(', ')}]`];
    }
    case 'platform.logsDropped': {
      // Lambda has no text line for it; a reader of the log should know all the same that something is missing.
      const { reason, droppedRecords, droppedBytes } = event.record;
      return [`LOGS_DROPPED\tReason: ${reason}\tRecords: ${droppedRecords}\tBytes: ${droppedBytes}`];
    }
    case 'platform.initRuntimeDone':
    case 'platform.runtimeDone':
      return [];
  }
}

type Report = Extract<PlatformEvent, { type: 'platform.report' }>['record'];

/** Every member is followed by a tab, the last one too. @source spec 5.1-04, 5.1-05 */
function report({ requestId, status, errorType, metrics, tracing }: Report): string {
  const parts = [
    `REPORT RequestId: ${requestId}`,
    `Duration: ${metrics.durationMs.toFixed(2)} ms`,
    `Billed Duration: ${metrics.billedDurationMs} ms`,
    `Memory Size: ${metrics.memorySizeMB} MB`,
    `Max Memory Used: ${Math.round(metrics.maxMemoryUsedMB)} MB`,
  ];
  if (metrics.initDurationMs !== undefined) parts.push(`Init Duration: ${metrics.initDurationMs.toFixed(2)} ms`);
  if (tellsStatus(status, errorType)) {
    parts.push(`Status: ${status}`);
    if (errorType !== undefined && status !== 'timeout') parts.push(`Error Type: ${errorType}`);
  }
  const line = parts.join('\t') + '\t';
  const trace = tracing === undefined ? undefined : sampled(tracing.value);
  if (trace === undefined) return line;
  // One event of the log with a line break in it, as Lambda writes it.
  return `${line}\nXRAY TraceId: ${trace}\tSegmentId: ${tracing?.spanId ?? ''}\tSampled: true\t`;
}

/** An error that the handler reported itself is in the log already, in its own words; the platform names only its own. */
const tellsStatus = (status: PhaseStatus, errorType: string | undefined): boolean =>
  status === 'timeout' ||
  status === 'failure' ||
  (status === 'error' && errorType !== undefined && /^(Runtime|Sandbox|Extension|Function)\./.test(errorType));

const sampled = (header: string): string | undefined =>
  /\bSampled=1\b/.test(header) ? /\bRoot=([0-9a-f-]+)/.exec(header)?.[1] : undefined;

const capitalised = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
