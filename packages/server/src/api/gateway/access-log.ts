import type { AccountId, LogSink, LogStreamName, Region } from '../../base/index.ts';
import type { HttpStage } from '../../services/index.ts';
import { contextValue, type Journal } from './journal.ts';

/** Writes the line that a stage wants of each request. Nobody waits: the sink writes lines of many requests together. */
export class AccessLogs {
  readonly #sink: LogSink;
  /** Made once for a stage as it is served. */
  readonly #known = new WeakMap<HttpStage, { readonly stream: LogStreamName; readonly format: Format }>();

  constructor(sink: LogSink) {
    this.#sink = sink;
  }

  write(journal: Journal): void {
    const { api, stage, incoming } = journal;
    if (stage.accessLog === undefined) return;
    let known = this.#known.get(stage);
    if (known === undefined) {
      const { logGroup, format } = stage.accessLog;
      const place = { account: api.account as AccountId, region: api.region as Region };
      known = { stream: { ...place, logGroup, logStream: `${api.id}/${stage.name}` }, format: parseFormat(format) };
      this.#known.set(stage, known);
    }
    const message = filled(known.format, (name) => contextValue(journal, name));
    this.#sink.append(known.stream, { atMs: incoming.atMs, origin: 'platform', message });
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
