import type { Clock, LogFields, Logger } from '../base/index.ts';

/** Lines of one kind in a minute; functions can provoke them, and must not fill the operator's disk. */
const linesPerMinute = 10;
const minuteMs = 60_000;

/** A logger whose warnings come at a bounded rate; what was left out is counted in the next that comes. */
export function quiet(log: Logger, clock: Clock): Logger {
  const kinds = new Map<string, { sinceMs: number; lines: number; leftOut: number }>();
  const bounded =
    (write: (message: string, fields?: LogFields) => void) =>
    (message: string, fields?: LogFields): void => {
      const nowMs = clock.monotonic();
      let kind = kinds.get(message);
      if (kind === undefined) kinds.set(message, (kind = { sinceMs: nowMs, lines: 0, leftOut: 0 }));
      if (nowMs - kind.sinceMs >= minuteMs) {
        kind.sinceMs = nowMs;
        kind.lines = 0;
      }
      if (kind.lines >= linesPerMinute) return void (kind.leftOut += 1);
      kind.lines += 1;
      const { leftOut } = kind;
      kind.leftOut = 0;
      write(message, leftOut === 0 ? fields : { ...fields, leftOut });
    };
  return {
    debug: (message, fields) => log.debug(message, fields),
    info: (message, fields) => log.info(message, fields),
    warn: bounded((message, fields) => log.warn(message, fields)),
    error: bounded((message, fields) => log.error(message, fields)),
    child: (fields) => quiet(log.child(fields), clock),
  };
}
