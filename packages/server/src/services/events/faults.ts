import { ServiceFault } from '@mayfly/wire';

export const notFound = (message: string): ServiceFault => new ServiceFault('ResourceNotFoundException', message);
export const busNotFound = (name: string): ServiceFault => notFound(`Event bus ${name} does not exist.`);
export const ruleNotFound = (name: string, bus: string): ServiceFault =>
  notFound(`Rule ${name} does not exist on EventBus ${bus}.`);
export const invalid = (message: string): ServiceFault => new ServiceFault('ValidationException', message, { status: 400 });
export const exists = (message: string): ServiceFault => new ServiceFault('ResourceAlreadyExistsException', message);
export const tooMany = (): ServiceFault =>
  new ServiceFault('LimitExceededException', 'The requested resource exceeds the maximum number allowed.');
