import { Readable } from 'node:stream';
import { LambdaServiceException } from '@aws-sdk/client-lambda';
import { NodeHttpHandler } from '@smithy/node-http-handler';

interface HttpResponse {
  statusCode: number;
  headers: Record<string, string>;
  body?: unknown;
}

/** Lets every answer pass and remembers its bytes: how an error's body spells `message` is part of what is compared. */
export class Eavesdropper extends NodeHttpHandler {
  status = 0;
  body: Uint8Array = new Uint8Array(0);

  override async handle(...args: Parameters<NodeHttpHandler['handle']>): Promise<Awaited<ReturnType<NodeHttpHandler['handle']>>> {
    const result = await super.handle(...args);
    const response = result.response as unknown as HttpResponse;
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) chunks.push(chunk);
    this.status = response.statusCode;
    this.body = Buffer.concat(chunks);
    response.body = Readable.from([this.body]);
    return result;
  }
}

/** What boto3 shows of an answer, which is how the recordings were made. */
export async function answerOf(ear: Eavesdropper, call: Promise<object>): Promise<Record<string, unknown>> {
  try {
    const output = plain(await call) as Record<string, unknown>;
    delete output['$metadata'];
    // A payload is a stream for boto3, also where it is empty.
    if ('Payload' in output) output['Payload'] ??= '';
    return { ...output, ResponseMetadata: { HTTPHeaders: {}, HTTPStatusCode: ear.status } };
  } catch (error) {
    const { name, message, $metadata } = error as { name: string; message: string; $metadata?: { httpStatusCode?: number } };
    if ($metadata?.httpStatusCode === undefined) throw error;
    // Clients show the members of an exception they know; of others the code and the text.
    const body = parsed(ear.body);
    if (!('$fault' in (error as object)) || (error as object).constructor === LambdaServiceException) {
      return { Error: { Code: name, Message: message }, ResponseMetadata: { HTTPHeaders: {}, HTTPStatusCode: ear.status } };
    }
    return {
      Error: { Code: name, Message: body['message'] ?? body['Message'] ?? message },
      ...body,
      ResponseMetadata: { HTTPHeaders: {}, HTTPStatusCode: ear.status },
    };
  }
}

const parsed = (bytes: Uint8Array): Record<string, unknown> => {
  try {
    const { __type, ...body } = JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown>;
    return body;
  } catch {
    return {};
  }
};

export function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return textOrJson(Buffer.from(value).toString('utf8'));
  if (typeof value === 'string') return textOrJson(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([name, each]) => [name, plain(each)]),
  );
}

/** Documents are recorded as what they hold; a text, a number or `null` as it is written. */
const textOrJson = (text: string): unknown => {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return plain(JSON.parse(text));
  } catch {
    return text;
  }
};
