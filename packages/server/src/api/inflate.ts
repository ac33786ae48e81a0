import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ServiceFault, type Protocol, type RequestHead } from '@mayfly/wire';

const unpacked = promisify(gunzip);

/** What a packed body may unpack to; the wall of a bomb. */
const inflatedBytes = 8_388_608;

/** Whether `inflated` would look at the body. */
export const mayBePacked = (head: RequestHead, protocol: Protocol): boolean =>
  head.headers['content-encoding'] === 'gzip' && !protocol.startsWith('rest');

/**
 * The body as the protocol means it. SDKs send large PutMetricData requests packed, and sign what they
 * send. In REST protocols the encoding belongs to the payload: an object stored packed comes back packed.
 *
 * @throws SerializationException, RequestEntityTooLargeException
 */
export async function inflated(head: RequestHead, protocol: Protocol, bytes: Uint8Array): Promise<Uint8Array> {
  if (!mayBePacked(head, protocol)) return bytes;
  try {
    return await unpacked(bytes, { maxOutputLength: inflatedBytes });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new ServiceFault('RequestEntityTooLargeException', `Request must be smaller than ${inflatedBytes} bytes`, {
        status: 413,
        cause,
      });
    }
    throw new ServiceFault('SerializationException', 'The request body is not the gzip that its Content-Encoding promises.', {
      status: 400,
      cause,
    });
  }
}
