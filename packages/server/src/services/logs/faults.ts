import { ServiceFault } from '@mayfly/wire';

export const invalid = (message: string): ServiceFault => new ServiceFault('InvalidParameterException', message, { status: 400 });
export const noGroup = (): ServiceFault => notFound('The specified log group does not exist.');
export const noStream = (): ServiceFault => notFound('The specified log stream does not exist.');
export const notFound = (message: string): ServiceFault =>
  new ServiceFault('ResourceNotFoundException', message, { status: 400 });
export const exists = (what: string): ServiceFault =>
  new ServiceFault('ResourceAlreadyExistsException', `The specified ${what} already exists`, { status: 400 });
export const limitExceeded = (): ServiceFault =>
  new ServiceFault('LimitExceededException', 'Resource limit exceeded.', { status: 400 });
export const badToken = (): ServiceFault => invalid('The specified nextToken is invalid.');
