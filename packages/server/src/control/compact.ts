/** `T` whose optional members may also be written as undefined. */
type Loose<T> = { readonly [K in keyof T]: Record<never, never> extends Pick<T, K> ? T[K] | undefined : T[K] };

/** The members that have a value. Lets records with optional members be written as one literal. */
export function compact<T extends object>(members: Loose<T>): T {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(members)) if (value !== undefined) result[name] = value;
  return result as T;
}
