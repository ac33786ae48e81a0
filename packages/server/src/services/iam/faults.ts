import { ServiceFault, type Handlers, type IamOperations } from '@mayfly/wire';

export type IamHandlers = Partial<Handlers<IamOperations>>;

export const noSuch = (message: string): ServiceFault => new ServiceFault('NoSuchEntity', message, { status: 404 });
export const exists = (message: string): ServiceFault => new ServiceFault('EntityAlreadyExists', message, { status: 409 });
export const conflict = (message: string): ServiceFault => new ServiceFault('DeleteConflict', message, { status: 409 });
export const tooMany = (message: string): ServiceFault => new ServiceFault('LimitExceeded', message, { status: 409 });
export const malformed = (message: string): ServiceFault => new ServiceFault('MalformedPolicyDocument', message, { status: 400 });
export const invalid = (message: string): ServiceFault => new ServiceFault('ValidationError', message, { status: 400 });
export const unreadableKey = (): ServiceFault =>
  new ServiceFault('UnrecognizedPublicKeyEncoding', 'The public key encoding is unsupported or unrecognized.', { status: 400 });
export const invalidInput = (message: string): ServiceFault => new ServiceFault('InvalidInput', message, { status: 400 });
