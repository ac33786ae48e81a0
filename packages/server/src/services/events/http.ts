/** Requests of API destinations. Handed in, so that operators decide where they may go. */
export interface DestinationHttp {
  /** Rejects when there is no answer. Redirects are not followed. */
  send(
    url: string,
    request: {
      readonly method: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body?: string;
      readonly signal: AbortSignal;
    },
  ): Promise<{ readonly status: number; readonly retryAfter?: string; readonly body: string }>;
}

const mostAnswerBytes = 1_048_576;

export const systemDestinationHttp: DestinationHttp = {
  async send(url, { method, headers, body, signal }) {
    const answer = await fetch(url, { method, headers, signal, redirect: 'manual', ...(body === undefined ? {} : { body }) });
    const retryAfter = answer.headers.get('retry-after');
    let text = '';
    // More than this is nothing anybody here would read.
    for await (const chunk of answer.body ?? []) {
      text += Buffer.from(chunk as Uint8Array).toString();
      if (text.length > mostAnswerBytes) break;
    }
    return { status: answer.status, body: text, ...(retryAfter === null ? {} : { retryAfter }) };
  },
};
