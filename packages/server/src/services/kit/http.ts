/** Sends a request into the world. Handed in, so that tests and operators decide where it may go. */
export interface HttpPort {
  /** Redirects are not followed. Rejects when there is no answer. */
  post(url: string, options: { readonly headers: Readonly<Record<string, string>>; readonly body: string; readonly signal: AbortSignal }): Promise<{ readonly status: number }>;
}

export const systemHttp: HttpPort = {
  async post(url, { headers, body, signal }) {
    const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
    await answer.body?.cancel();
    return { status: answer.status };
  },
};
