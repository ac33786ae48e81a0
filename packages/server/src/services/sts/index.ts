import { stsHandlers, type StsHandlers, type StsOptions } from './handlers.ts';

export type { AssumableRole, StsHandlers, StsOptions } from './handlers.ts';

/** The Security Token Service. It keeps nothing: its credentials carry themselves. */
export function openSts(options: StsOptions): { readonly handlers: StsHandlers } & AsyncDisposable {
  return { handlers: stsHandlers(options), [Symbol.asyncDispose]: () => Promise.resolve() };
}
