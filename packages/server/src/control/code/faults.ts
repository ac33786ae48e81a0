import { ServiceFault } from '@mayfly/wire';
import type { Refusal } from './refusal.ts';

/** Too many archives on their way to the disk at once. @source spec 9.4-13 */
export const tooManyTakes = (): ServiceFault => new ServiceFault('TooManyRequestsException', 'Rate Exceeded.', { status: 429 });

/** @source spec 9.3-04, 9.3-05 */
export function faultOf({ kind, detail }: Refusal, maxUnzippedBytes: number): ServiceFault {
  const cause = new Error(detail);
  switch (kind) {
    case 'malformed':
      return new ServiceFault(
        'InvalidParameterValueException',
        'Could not unzip uploaded file. Please check your file, then try to upload again.',
        { cause },
      );
    case 'tooLarge':
      return new ServiceFault('InvalidParameterValueException', `Unzipped size must be smaller than ${maxUnzippedBytes} bytes`, {
        cause,
      });
    case 'empty':
      return new ServiceFault('InvalidParameterValueException', 'Uploaded file must be a non-empty zip', { cause });
    case 'sealed':
      return new ServiceFault('InvalidParameterValueException', 'The file is signed already.', { cause });
  }
}
