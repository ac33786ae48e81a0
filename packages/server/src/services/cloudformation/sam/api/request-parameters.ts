import { faulty, type Event } from '../events/event.ts';
import { textOf, isMap, type Fields } from '../values.ts';

/** What a method takes besides its body. */
export interface RequestParameters {
  readonly declared: readonly Fields[];
  /** Those that tell cached answers apart. */
  readonly cacheKeys: readonly string[];
}

/** Names, or names with what is asked of them. @throws InvalidResource */
export function readRequestParameters(event: Event): RequestParameters {
  const written = event.properties['RequestParameters'];
  const entries = (Array.isArray(written) ? (written as unknown[]) : []).flatMap(
    (each): readonly (readonly [string, unknown])[] => (isMap(each) ? Object.entries(each) : [[textOf(each), {}]]),
  );
  const declared = entries.map(([key, asked]) => {
    const [, place, name] = /^method\.request\.(querystring|path|header)\.(.+)$/.exec(key) ?? [];
    if (place === undefined)
      throw faulty(
        event,
        `Invalid value for 'RequestParameters' property. Keys must be in the format ` +
          `'method.request.[querystring|path|header].{value}', e.g 'method.request.header.Authorization'.`,
      );
    const required = isMap(asked) && asked['Required'] === true;
    return { required, type: 'string', name, in: place === 'querystring' ? 'query' : place };
  });
  const cached = entries.filter(([, asked]) => isMap(asked) && asked['Caching'] === true);
  return { declared, cacheKeys: cached.map(([key]) => key) };
}
