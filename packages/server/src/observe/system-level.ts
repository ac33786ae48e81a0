import type { PlatformEvent } from '../base/index.ts';

export type SystemLevel = 'DEBUG' | 'INFO' | 'WARN';

/** How important a platform event is. @source spec 5.2-07 to 5.2-13 */
export function levelOf(event: PlatformEvent): SystemLevel {
  switch (event.type) {
    case 'platform.initStart':
      return event.record.runtimeVersion === undefined ? 'DEBUG' : 'INFO';
    case 'platform.initRuntimeDone':
    case 'platform.runtimeDone':
      return event.record.status === 'success' ? 'DEBUG' : 'WARN';
    case 'platform.initReport':
      if (event.record.status !== 'success') return 'WARN';
      return event.record.initializationType === 'on-demand' ? 'DEBUG' : 'INFO';
    case 'platform.report':
      return event.record.status === 'success' ? 'INFO' : 'WARN';
    case 'platform.start':
    case 'platform.logsSubscription':
    case 'platform.telemetrySubscription':
      return 'INFO';
    case 'platform.extension':
      return event.record.errorType === undefined ? 'INFO' : 'WARN';
    case 'platform.logsDropped':
      return 'WARN';
  }
}
