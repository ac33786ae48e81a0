import type { Mapping } from '../port.ts';

/** What a message of AMQP carries beside its body, as the client library gives it. */
export interface RabbitMessage {
  readonly body: unknown;
  readonly redelivered: boolean;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly durable?: boolean;
  readonly priority?: number;
  readonly correlationId?: string;
  readonly replyTo?: string;
  readonly expiration?: string;
  readonly messageId?: string;
  readonly timestamp?: number;
  readonly type?: string;
  readonly userId?: string;
  readonly appId?: string;
}

/** The body as it travelled: the library has parsed JSON and decoded text. */
export function bytesOf({ body }: RabbitMessage): Buffer {
  if (body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(typeof body === 'string' ? body : (JSON.stringify(body) ?? ''));
}

/** @source spec 6.7-05 */
export function recordOf(message: RabbitMessage): object {
  const data = bytesOf(message);
  return {
    basicProperties: {
      contentType: message.contentType ?? null,
      contentEncoding: message.contentEncoding ?? null,
      headers: Object.fromEntries(Object.entries(message.headers ?? {}).map(([name, value]) => [name, headerOf(value)])),
      deliveryMode: message.durable === true ? 2 : 1,
      priority: message.priority ?? null,
      correlationId: message.correlationId ?? null,
      replyTo: message.replyTo ?? null,
      expiration: message.expiration ?? null,
      messageId: message.messageId ?? null,
      timestamp: message.timestamp === undefined ? null : javaTime(message.timestamp * 1000),
      type: message.type ?? null,
      userId: message.userId ?? null,
      appId: message.appId ?? null,
      clusterId: null,
      bodySize: data.length,
    },
    redelivered: message.redelivered,
    data: data.toString('base64'),
  };
}

/** Text headers arrive as their bytes. */
const headerOf = (value: unknown): unknown =>
  typeof value === 'string' ? { bytes: [...Buffer.from(value)].map((byte) => (byte > 127 ? byte - 256 : byte)) } : value;

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** `Jan 1, 1970, 12:33:41 AM` */
function javaTime(atMs: number): string {
  const at = new Date(atMs);
  const hour = at.getUTCHours();
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${months[at.getUTCMonth()]} ${at.getUTCDate()}, ${at.getUTCFullYear()}, ${hour % 12 === 0 ? 12 : hour % 12}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} ${hour < 12 ? 'AM' : 'PM'}`;
}

export const eventOf = (mapping: Mapping, queue: string, virtualHost: string, messages: readonly RabbitMessage[]): object => ({
  eventSource: 'aws:rmq',
  eventSourceArn: mapping.eventSourceArn,
  rmqMessagesByQueue: { [`${queue}::${virtualHost}`]: messages.map(recordOf) },
});

/** What filters look at. @source spec 6.9-11 */
export function filterViewOf(message: RabbitMessage): object {
  const text = bytesOf(message).toString('utf8');
  try {
    return { ...recordOf(message), data: JSON.parse(text) as unknown };
  } catch {
    return { ...recordOf(message), data: text };
  }
}
