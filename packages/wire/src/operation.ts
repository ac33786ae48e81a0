import { NormalizedSchema } from '@smithy/core/schema';

/** A schema as the SDK packages export it: a tuple, or a function that gives one. */
export type Shape = NormalizedSchema;

/** One operation of an AWS API, read from the SDK's schema. */
export interface Operation {
  readonly name: string;
  /** HTTP method, path template (with its constant query, if any) and success status; REST protocols only. */
  readonly method: string;
  readonly uri: string;
  readonly status: number;
  readonly input: Shape;
  readonly output: Shape;
  /** The input member that is the whole body. */
  readonly payloadMember: string | undefined;
  /** True when that member is an unbounded stream. */
  readonly streamingInput: boolean;
  /** True when the answer's payload is a stream, of bytes or of events. */
  readonly streamingOutput: boolean;
}

/** An exception the service declares. */
export interface ErrorShape {
  readonly name: string;
  readonly status: number;
  readonly fault: 'client' | 'server';
  /** Code in the query protocol, where it differs from the name. */
  readonly queryCode: string | undefined;
  readonly shape: Shape;
}

type Tuple = readonly unknown[];
const operationKind = 9;
const errorKind = -3;

const isTuple = (value: unknown): value is Tuple => Array.isArray(value) && value.length >= 5;

export function readOperations(sdk: object): ReadonlyMap<string, Operation> {
  const operations = new Map<string, Operation>();
  for (const value of Object.values(sdk)) {
    if (!isTuple(value) || value[0] !== operationKind) continue;
    const traits = value[3] as { http?: [string, string, number] } | number;
    const [method, uri, status] = (typeof traits === 'object' ? traits.http : undefined) ?? ['POST', '/', 200];
    const input = NormalizedSchema.of(value[4] as never);
    const payload = members(input).find(([, member]) => member.getMergedTraits().httpPayload !== undefined);
    const name = String(value[2]);
    const output = NormalizedSchema.of(value[5] as never);
    operations.set(name, {
      name,
      method,
      uri,
      status,
      input,
      output,
      payloadMember: payload?.[0],
      streamingInput: payload?.[1].isStreaming() ?? false,
      streamingOutput: members(output).some(([, member]) => member.isStreaming()),
    });
  }
  return operations;
}

export function readErrors(sdk: object): ReadonlyMap<string, ErrorShape> {
  const errors = new Map<string, ErrorShape>();
  for (const value of Object.values(sdk)) {
    if (!isTuple(value) || value[0] !== errorKind) continue;
    const traits = value[3] as { error?: string; httpError?: number; awsQueryError?: [string, number] };
    const fault = traits.error === 'server' ? 'server' : 'client';
    const [queryCode, queryStatus] = traits.awsQueryError ?? [];
    const error: ErrorShape = {
      name: String(value[2]),
      status: traits.httpError ?? queryStatus ?? (fault === 'server' ? 500 : 400),
      fault,
      queryCode,
      shape: NormalizedSchema.of(value as never),
    };
    errors.set(error.name, error);
    if (queryCode !== undefined) errors.set(queryCode, error);
  }
  return errors;
}

type Members = readonly (readonly [string, Shape])[];

/** The SDK wraps each member anew whenever it is asked; on the warm path that is most of the work. */
const known = new WeakMap<Shape, Members>();

/** Members of a structure in the model's order; none for the unit shape. */
export function members(shape: Shape): Members {
  let list = known.get(shape);
  if (list === undefined) known.set(shape, (list = shape.isStructSchema() ? [...shape.structIterator()] : []));
  return list;
}
