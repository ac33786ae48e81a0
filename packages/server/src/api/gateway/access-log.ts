import type { AccountId, LogSink, LogStreamName, Region } from '../../base/index.ts';

interface Place {
  readonly id: string;
  readonly account: string;
  readonly region: string;
}

/** A stage of an API of either kind. */
interface LoggedStage {
  readonly name: string;
  readonly accessLog?: { readonly logGroup: string; readonly format: string };
}

/** Writes the line that a stage wants of each request. Nobody waits: the sink writes lines of many requests together. */
export class AccessLogs {
  readonly #sink: LogSink;
  /** Made once for a stage as it is served. */
  readonly #known = new WeakMap<LoggedStage, { readonly stream: LogStreamName; readonly format: Format }>();

  constructor(sink: LogSink) {
    this.#sink = sink;
  }

  /** @param valueOf  what `$context.<name>` is for the request; undefined where there is no such thing */
  write(api: Place, stage: LoggedStage, atMs: number, valueOf: (name: string) => string | undefined): void {
    if (stage.accessLog === undefined) return;
    let known = this.#known.get(stage);
    if (known === undefined) {
      const { logGroup, format } = stage.accessLog;
      const place = { account: api.account as AccountId, region: api.region as Region };
      known = { stream: { ...place, logGroup, logStream: `${api.id}/${stage.name}` }, format: parseFormat(format) };
      this.#known.set(stage, known);
    }
    this.#sink.append(known.stream, { atMs, origin: 'platform', message: filled(known.format, valueOf) });
  }
}

type Format = readonly (string | { readonly name: string })[];

/** `$context.requestId` and the like in a text. */
const parseFormat = (text: string): Format =>
  text
    .split(/(\$context\.\w+(?:\.[\w-]*\w)*)/)
    .filter((part) => part !== '')
    .map((part) => (part.startsWith('$context.') ? { name: part.slice('$context.'.length) } : part));

/** What there is nothing of is `-`. A value can break neither a line nor the quotes that it stands in. */
const filled = (format: Format, valueOf: (name: string) => string | undefined): string =>
  format
    .map((part) => {
      if (typeof part === 'string') return part;
      const value = valueOf(part.name);
      if (value === undefined || value === '') return '-';
      return part.name === 'error.messageString' ? value : JSON.stringify(value).slice(1, -1);
    })
    .join('');
