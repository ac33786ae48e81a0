import { ServiceFault, type CloudWatchOperations, type Handlers } from '@mayfly/wire';

export type CloudWatchHandlers = Partial<Handlers<CloudWatchOperations>>;

export const invalidValue = (message: string): ServiceFault =>
  new ServiceFault('InvalidParameterValueException', message, { status: 400 });
export const combination = (message: string): ServiceFault =>
  new ServiceFault('InvalidParameterCombinationException', message, { status: 400 });
export const invalid = (message: string): ServiceFault => new ServiceFault('ValidationError', message, { status: 400 });
export const invalidFormat = (message: string): ServiceFault => new ServiceFault('InvalidFormat', message, { status: 400 });
export const limitExceeded = (message: string): ServiceFault => new ServiceFault('LimitExceededFault', message, { status: 400 });
export const missingParameter = (message: string): ServiceFault =>
  new ServiceFault('MissingRequiredParameterException', message, { status: 400 });
/** Of everything but alarms and dashboards. */
export const notFound = (message: string): ServiceFault =>
  new ServiceFault('ResourceNotFoundException', message, { status: 404 });
export const noAlarm = (): ServiceFault => new ServiceFault('ResourceNotFound', '', { status: 404 });
export const badToken = (): ServiceFault =>
  new ServiceFault('InvalidNextToken', 'The next token specified is invalid.', { status: 400 });
