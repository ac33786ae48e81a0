import type { LoggingConfig } from '../control/index.ts';

const ranks: ReadonlyMap<unknown, number> = new Map(
  ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].map((level, rank) => [level, rank]),
);

/**
 * Whether a line that a process wrote to its output passes the function's log level. Only JSON objects
 * are judged, and only where the log is JSON; one without a level counts as INFO. A `level` that came beside an
 * event is believed. What our bootstraps log by frames they have judged themselves.
 *
 * @source spec 5.2-05, 5.2-06
 */
export function applicationFilter({ logFormat, applicationLogLevel }: LoggingConfig): (event: string, level?: string) => boolean {
  if (logFormat !== 'JSON') return () => true;
  const least = ranks.get(applicationLogLevel ?? 'INFO') ?? 0;
  const usual = ranks.get('INFO') ?? 0;
  return (event, level) => {
    if (level !== undefined) return (ranks.get(level) ?? usual) >= least;
    return !event.startsWith('{') || (levelOf(event) ?? usual) >= least;
  };
}

function levelOf(line: string): number | undefined {
  try {
    const { level } = JSON.parse(line) as { readonly level?: unknown };
    return typeof level === 'string' ? ranks.get(level.toUpperCase()) : undefined;
  } catch {
    // No JSON after all: nobody judges it.
    return Infinity;
  }
}
