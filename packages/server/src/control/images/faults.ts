import { ServiceFault } from '@mayfly/wire';
import { invalid } from '../faults.ts';
import type { RefusedImage } from './refusal.ts';

/**
 * What CreateFunction and UpdateFunctionCode say.
 *
 * @source answers of Lambda as its users quote them; Lambda Developer Guide, "Troubleshoot container image issues", read 2026-11
 */
export function faultFor(refused: RefusedImage, uri: string): ServiceFault {
  const name = uri.slice(0, 300);
  switch (refused.kind) {
    case 'missing':
      return invalid(`Source image ${name} does not exist. Provide a valid source image.`);
    case 'denied':
      return new ServiceFault(
        'AccessDeniedException',
        `Lambda does not have permission to access the ECR image. Check the ECR permissions. (${refused.message})`,
        { status: 403 },
      );
    case 'unsupported':
      return invalid(`The image manifest, config or layer media type for the source image ${name} is not supported.`);
    case 'unreachable':
    case 'invalid':
      return invalid(`Source image ${name} is not valid. Provide a valid source image. (${refused.message})`);
  }
}
