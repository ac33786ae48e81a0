import type { PlatformEvent } from '../../base/index.ts';
import type { Api } from './request.ts';
import type { Kind } from './subscription.ts';

/** One thing that happened, before a subscriber's schema gives it its form. */
export type Happening =
  | { readonly kind: 'platform'; readonly event: PlatformEvent }
  | { readonly kind: 'function' | 'extension'; readonly atMs: number; readonly message: string };

/** JSON texts of what one subscriber is told of it: none, one or, in the oldest schema, two. @source spec 3.5-08 to 3.5-19 */
export function recordTexts(
  happening: Happening,
  options: { readonly api: Api; readonly schemaVersion: string; readonly logFormat: 'Text' | 'JSON' },
): readonly string[] {
  if (happening.kind !== 'platform') {
    const { kind, atMs, message } = happening;
    return [record(atMs, kind, options.logFormat === 'JSON' ? (jsonObject(message) ?? message) : message)];
  }
  const { event } = happening;
  return options.api === 'telemetry' ? [record(event.atMs, event.type, event.record)] : older(event, options.schemaVersion);
}

/** The Logs API knows fewer events, and END as one of them. */
function older(event: PlatformEvent, schemaVersion: string): readonly string[] {
  const { atMs } = event;
  switch (event.type) {
    case 'platform.start':
    case 'platform.extension':
    case 'platform.logsSubscription':
    case 'platform.logsDropped':
      return [record(atMs, event.type, event.record)];
    case 'platform.runtimeDone': {
      if (schemaVersion === '2020-08-15') return [];
      const { requestId, status } = event.record;
      return [record(atMs, event.type, { requestId, status })];
    }
    case 'platform.report': {
      const { requestId, metrics } = event.record;
      return [record(atMs, 'platform.end', { requestId }), record(atMs, event.type, { requestId, metrics })];
    }
    case 'platform.initStart':
    case 'platform.initRuntimeDone':
    case 'platform.initReport':
    case 'platform.telemetrySubscription':
      return [];
  }
}

export const dropped = (atMs: number, droppedRecords: number, droppedBytes: number): string =>
  record(atMs, 'platform.logsDropped', {
    reason: 'Consumer seems to have fallen behind as it has not acknowledged receipt of logs.',
    droppedRecords,
    droppedBytes,
  });

export const kindOf = (happening: Happening): Kind => happening.kind;

const record = (atMs: number, type: string, body: unknown): string =>
  JSON.stringify({ time: new Date(atMs).toISOString(), type, record: body });

function jsonObject(text: string): object | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}
