import { members, type Operation, type Shape } from './operation.ts';

/** Where a member travels in a REST message. */
export interface Place {
  readonly name: string;
  readonly member: Shape;
  readonly kind: 'label' | 'query' | 'queries' | 'header' | 'prefix' | 'payload' | 'status' | 'document';
  /** Of the query parameter, header or prefix. */
  readonly wireName: string;
  /** The header's name as requests have it. */
  readonly lowerName: string;
  /** Of each value, where several travel in one place. */
  readonly item: Shape | undefined;
}

const known = new WeakMap<Shape, readonly Place[]>();

/** Every member with its place, in the model's order. Asked of the SDK once: its traits are merged anew on every call. */
export function placesOf(shape: Shape): readonly Place[] {
  let places = known.get(shape);
  if (places === undefined) known.set(shape, (places = members(shape).map(([name, member]) => placeOf(name, member))));
  return places;
}

/** Whether some member is part of the document in the body. */
export const hasDocument = (shape: Operation['input']): boolean => placesOf(shape).some(({ kind }) => kind === 'document');

function placeOf(name: string, member: Shape): Place {
  const traits = member.getMergedTraits() as Readonly<Record<string, unknown>>;
  const [kind, wireName] =
    traits['httpLabel'] !== undefined
      ? (['label', name] as const)
      : traits['httpQuery'] !== undefined
        ? (['query', String(traits['httpQuery'])] as const)
        : traits['httpQueryParams'] !== undefined
          ? (['queries', name] as const)
          : traits['httpHeader'] !== undefined
            ? (['header', String(traits['httpHeader'])] as const)
            : traits['httpPrefixHeaders'] !== undefined
              ? (['prefix', String(traits['httpPrefixHeaders'])] as const)
              : traits['httpPayload'] !== undefined
                ? (['payload', name] as const)
                : traits['httpResponseCode'] !== undefined
                  ? (['status', name] as const)
                  : (['document', name] as const);
  return {
    name,
    member,
    kind,
    wireName,
    lowerName: wireName.toLowerCase(),
    item: member.isListSchema() ? member.getValueSchema() : undefined,
  };
}
