import { isFields, fieldsOf, entriesOf, textOf, type Fields } from './document.ts';

/** Models of a document: those that it names, and those that are written where they are used. */
export class Schemas {
  readonly #models = new Map<string, string>();
  readonly #apiId: string;
  readonly #newId: () => string;

  constructor(document: Fields, options: { readonly apiId: string; readonly newId: () => string }) {
    this.#apiId = options.apiId;
    this.#newId = options.newId;
    for (const [name, schema] of entriesOf(document['definitions'] ?? fieldsOf(document['components'])['schemas']))
      this.#models.set(name, JSON.stringify(this.#rewritten(schema)));
  }

  /** By name, JSON. */
  get models(): ReadonlyMap<string, string> {
    return this.#models;
  }

  /** Name of the model that a schema is. */
  nameOf(schema: unknown): string | undefined {
    if (!isFields(schema)) return undefined;
    const named = /^#\/(?:definitions|components\/schemas)\/([^/]+)$/.exec(textOf(schema['$ref']) ?? '')?.[1];
    if (named !== undefined) return named;
    if (Object.keys(schema).length === 0) return undefined;
    const name = `MODEL${this.#newId()}`;
    this.#models.set(name, JSON.stringify(this.#rewritten(schema)));
    return name;
  }

  /** Models point at each other by their addresses. */
  #rewritten(schema: unknown): unknown {
    if (Array.isArray(schema)) return schema.map((each) => this.#rewritten(each));
    if (!isFields(schema)) return schema;
    return Object.fromEntries(
      Object.entries(schema).map(([name, value]) => {
        const model =
          name === '$ref' ? /^#\/(?:definitions|components\/schemas)\/(.+)$/.exec(textOf(value) ?? '')?.[1] : undefined;
        return [
          name,
          model === undefined
            ? this.#rewritten(value)
            : `https://apigateway.amazonaws.com/restapis/${this.#apiId}/models/${model}`,
        ];
      }),
    );
  }
}
