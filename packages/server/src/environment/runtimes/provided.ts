import type { Look, RuntimeDefinition } from './definition.ts';
import type { ResolvedRuntime } from './port.ts';

/** The function brings its own `bootstrap`; Go and Rust land here. @source spec 4.2-10 */
export const providedRuntime = (identifier: string): RuntimeDefinition => ({
  identifier,
  family: 'provided',
  look: (): Look => ({ kind: 'ready', from: 'the function itself' }),
  prepare: () => Promise.resolve(),
  resolve: (): ResolvedRuntime => ({
    identifier,
    family: 'provided',
    mounts: [],
    bootEnv: {},
    channel: 'http',
    functionEnv: () => ({}),
  }),
});
