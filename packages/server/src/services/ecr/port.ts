import type { IncomingMessage, ServerResponse } from 'node:http';

/** What others may ask the registry for, without the distribution protocol in between. */
export interface RegistryPort {
  /** @param reference a tag or a digest @returns undefined when there is no such image or repository */
  manifest(
    at: { readonly account: string; readonly region: string; readonly repository: string },
    reference: string,
  ): Promise<{ readonly digest: string; readonly mediaType: string; readonly bytes: Uint8Array } | undefined>;
  /** The file of a blob of this repository, verified when it came; undefined when it has none. */
  blob(
    at: { readonly account: string; readonly region: string; readonly repository: string },
    digest: string,
  ): string | undefined;
  /** Answers requests below `/v2/`. Never rejects. */
  serve(request: IncomingMessage, response: ServerResponse): Promise<void>;
}
