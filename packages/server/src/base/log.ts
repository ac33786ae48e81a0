import type { Clock } from './clock.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

/** The server's own log. No payload, no secret; a line that a function can provoke is rate-limited by who writes it. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(fields: LogFields): Logger;
}

const rank: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

const plain = (value: unknown): unknown =>
  value instanceof Error ? { message: value.message, stack: value.stack, cause: plain(value.cause) } : value;

/** One JSON object a line, on `write` (standard error by default). */
export function jsonLogger(options: {
  readonly clock: Clock;
  readonly level: LogLevel;
  readonly write?: (line: string) => void;
  readonly fields?: LogFields;
}): Logger {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const at =
    (level: LogLevel) =>
    (message: string, fields?: LogFields): void => {
      if (rank[level] < rank[options.level]) return;
      const record: Record<string, unknown> = { time: new Date(options.clock.now()).toISOString(), level, message };
      for (const [key, value] of Object.entries({ ...options.fields, ...fields })) record[key] = plain(value);
      write(JSON.stringify(record) + '\n');
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => jsonLogger({ ...options, fields: { ...options.fields, ...fields } }),
  };
}

const nothing = (): void => {};
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLogger,
};
