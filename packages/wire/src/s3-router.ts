import type { Model } from './constraints.ts';
import { members, type Operation } from './operation.ts';
import { queryOf, type RequestHead } from './request.ts';
import type { Match } from './router.ts';
import { s3AddressOf } from './s3-address.ts';

interface Route {
  readonly operation: Operation;
  readonly level: 'service' | 'bucket' | 'object';
  /** Parameters that must be there; with a value, that must be equal. */
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly headers: readonly string[];
}

/** Of API endpoints of their own, which would hide operations here. */
const elsewhere = new Set(['ListDirectoryBuckets', 'WriteGetObjectResponse']);

/**
 * Finds S3 operations: by method, by what is addressed, and by the parameters an operation cannot be
 * without. What the model requires in the query (`uploadId`, `partNumber`) is part of the route, and so is
 * the source of a copy. The route that asks for most is tried first.
 */
export class S3Router {
  readonly #routes: readonly Route[];
  readonly #matches = new WeakMap<RequestHead, Match | undefined>();

  constructor(operations: Iterable<Operation>, model: Model) {
    this.#routes = [...operations]
      .filter(({ name }) => !elsewhere.has(name))
      .map((operation) => compile(operation, model))
      .sort((a, b) => b.query.length + b.headers.length - a.query.length - a.headers.length);
  }

  match(head: RequestHead): Match | undefined {
    if (!this.#matches.has(head)) this.#matches.set(head, this.#match(head));
    return this.#matches.get(head);
  }

  #match(head: RequestHead): Match | undefined {
    const { bucket, key } = s3AddressOf(head);
    const level = bucket === undefined ? 'service' : key === undefined ? 'bucket' : 'object';
    const query = queryOf(head.target);
    const route = this.#routes.find(
      (each) =>
        each.operation.method === head.method &&
        each.level === level &&
        each.query.every(([name, value]) => query.has(name) && (value === '' || query.get(name) === value)) &&
        each.headers.every((name) => head.headers[name] !== undefined),
    );
    return (
      route && {
        operation: route.operation,
        labels: { ...(bucket === undefined ? {} : { Bucket: bucket }), ...(key === undefined ? {} : { Key: key }) },
      }
    );
  }
}

function compile(operation: Operation, model: Model): Route {
  const required = new Set(model.structures[model.operations[operation.name] ?? '']?.required);
  const query: [string, string][] = [...queryOf(operation.uri)].filter(([name]) => name !== 'x-id');
  const headers: string[] = [];
  let hasBucket = false;
  for (const [name, member] of members(operation.input)) {
    hasBucket ||= name === 'Bucket';
    const traits = member.getMergedTraits() as { httpQuery?: string; httpHeader?: string };
    if (required.has(name) && traits.httpQuery !== undefined) query.push([traits.httpQuery, '']);
    if (name === 'CopySource' && traits.httpHeader !== undefined) headers.push(traits.httpHeader.toLowerCase());
  }
  const level = operation.uri.startsWith('/{Key+}') ? 'object' : hasBucket ? 'bucket' : 'service';
  return { operation, level, query, headers };
}
