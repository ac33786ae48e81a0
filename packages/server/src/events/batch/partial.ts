/** What a function said of its batch: which items failed. @source spec 6.4-06, 6.5-05 */
export type Verdict =
  | { readonly kind: 'success' }
  | { readonly kind: 'allFailed' }
  | { readonly kind: 'someFailed'; readonly ids: ReadonlySet<string> };

const success: Verdict = { kind: 'success' };
const allFailed: Verdict = { kind: 'allFailed' };

/** Reads `{"batchItemFailures":[{"itemIdentifier":"…"}]}`. An unknown, empty or missing identifier fails the whole batch. */
export function verdictOf(response: Uint8Array, known: (id: string) => boolean): Verdict {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(response).toString('utf8'));
  } catch {
    return allFailed;
  }
  if (value === null || value === '') return success;
  if (typeof value !== 'object' || Array.isArray(value)) return success;
  const failures = (value as { batchItemFailures?: unknown }).batchItemFailures;
  if (failures === undefined || failures === null) return success;
  if (!Array.isArray(failures)) return allFailed;
  const ids = new Set<string>();
  for (const failure of failures as unknown[]) {
    const id =
      typeof failure === 'object' && failure !== null ? (failure as { itemIdentifier?: unknown }).itemIdentifier : undefined;
    if (typeof id !== 'string' || id === '' || !known(id)) return allFailed;
    ids.add(id);
  }
  return ids.size === 0 ? success : { kind: 'someFailed', ids };
}
