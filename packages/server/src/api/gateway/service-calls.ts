import type { HttpIntegration } from '../../services/index.ts';
import type { HttpReply } from '../url/reply.ts';
import type { Values } from './mapping.ts';

/** The other services of this house, asked in the name of a role. */
export interface ServicePort {
  /** What the service answers, in the bytes of its own protocol; its faults are answers too. */
  call(
    service: string,
    operation: string,
    input: object,
    as: { readonly roleArn: string; readonly region: string; readonly account: string; readonly sourceArn: string },
  ): Promise<{ readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array }>;

  /**
   * What the service answers to a request as its clients would send it.
   *
   * @returns undefined when no service that is here has such an operation
   */
  forward(
    signingName: string,
    request: {
      readonly method: string;
      readonly target: string;
      /** Names in lower case. */
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Uint8Array;
      readonly action?: string;
    },
    as: { readonly roleArn: string; readonly region: string; readonly account: string; readonly sourceArn: string },
  ): Promise<
    { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array } | undefined
  >;
}

/** Calls the operation that a route stands for. */
export async function serviceReply(
  services: ServicePort,
  integration: HttpIntegration & { readonly operation: object },
  values: Values,
  place: { readonly region: string; readonly account: string; readonly sourceArn: string },
): Promise<HttpReply> {
  const { operation, credentialsArn: roleArn = '' } = integration;
  const { Region: region = place.region, ...parameters } = Object.fromEntries(
    Object.entries(operation.parameters).flatMap(([name, expression]) => {
      const value = values.of(expression);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  const { status, headers, body } = await services.call(operation.service, operation.name, inputOf(operation.name, parameters), {
    ...place,
    region,
    roleArn,
  });
  const { 'Content-Type': contentType = 'application/json', 'x-amzn-RequestId': requestId } = headers;
  return {
    status,
    headers: { 'Content-Type': contentType, ...(requestId === undefined ? {} : { 'x-amzn-RequestId': requestId }) },
    body,
  };
}

/** Parameters that are lists or maps are written as JSON. */
const documents = new Set([
  'Resources',
  'MessageAttributes',
  'MessageSystemAttributes',
  'AttributeNames',
  'MessageAttributeNames',
]);

function inputOf(operation: string, parameters: Readonly<Record<string, string>>): object {
  const fields = Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, documents.has(name) ? fromJson(value) : value]),
  );
  switch (operation) {
    case 'PutEvents':
      return { Entries: [fields] };
    case 'PutRecord':
      return { ...fields, Data: Buffer.from(parameters['Data'] ?? '') };
    default:
      return fields;
  }
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
