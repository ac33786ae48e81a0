import type { ResolvedRuntime } from './port.ts';

/** What is known of a runtime without running anything. */
export type Look =
  | { readonly kind: 'ready'; readonly from: string; readonly interpreterVersion?: string }
  /** `local`: the interpreter is here and only needs to be tried once; otherwise it is fetched. */
  | { readonly kind: 'preparable'; readonly from: string; readonly local: boolean }
  | { readonly kind: 'unavailable'; readonly remedy: string };

/** One runtime identifier. Adding a runtime is adding one of these. */
export interface RuntimeDefinition {
  readonly identifier: string;
  readonly family: string;
  look(): Look;
  /** Makes `look` answer `ready`. @throws Error with a `code` and what to do */
  prepare(options: { readonly signal: AbortSignal }): Promise<void>;
  /** Only when ready. */
  resolve(): ResolvedRuntime;
}

/** Ours to report: with a code, and what to do next. */
export class RuntimeError extends Error {
  readonly code: 'RUNTIME_UNAVAILABLE' | 'RUNTIME_FETCH_FAILED' | 'RUNTIME_BROKEN' | 'RUNTIME_DEFINITION_INVALID';

  constructor(code: RuntimeError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Numbers of a version in order: `3.9.18` before `3.10.1`. */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => version.split(/[^0-9]+/).map(Number)) as [number[], number[]];
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
