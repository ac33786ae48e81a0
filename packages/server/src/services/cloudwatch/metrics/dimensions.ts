/** A dimension as it travels. */
export interface Dimension {
  readonly Name: string | undefined;
  readonly Value: string | undefined;
}
export const dimensionsOf = (dimensions: readonly Dimension[] | undefined): Record<string, string> =>
  Object.fromEntries((dimensions ?? []).map(({ Name, Value }) => [Name ?? '', Value ?? '']));
export const dimensionList = (dimensions: Readonly<Record<string, string>>): { Name: string; Value: string }[] =>
  Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
