import type { Clock } from './clock.ts';
import type { LogFields, Logger, LogLevel } from './log.ts';

const windowMs = 60_000;
/** Lines of the same message in a window; the rest is counted. */
const linesPerWindow = 10;

/** A log for what functions can provoke: of each message a few lines a minute, and how many were left out. */
export function rateLimited(log: Logger, clock: Clock): Logger {
  const windows = new Map<string, { sinceMs: number; lines: number }>();
  const at =
    (level: LogLevel) =>
    (message: string, fields?: LogFields): void => {
      const nowMs = clock.monotonic();
      const window = windows.get(message);
      if (window !== undefined && nowMs - window.sinceMs < windowMs) {
        if (++window.lines <= linesPerWindow) log[level](message, fields);
        return;
      }
      windows.set(message, { sinceMs: nowMs, lines: 1 });
      const leftOut = window === undefined ? 0 : Math.max(0, window.lines - linesPerWindow);
      log[level](message, leftOut === 0 ? fields : { ...fields, leftOut });
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => rateLimited(log.child(fields), clock),
  };
}
