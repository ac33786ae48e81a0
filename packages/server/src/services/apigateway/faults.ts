import { ServiceFault } from '@mayfly/wire';

export const badRequest = (message: string): ServiceFault => new ServiceFault('BadRequestException', message, { status: 400 });
export const conflict = (message: string): ServiceFault => new ServiceFault('ConflictException', message, { status: 409 });
export const notFound = (message: string): ServiceFault => new ServiceFault('NotFoundException', message, { status: 404 });
export const tooMany = (message: string): ServiceFault => new ServiceFault('LimitExceededException', message, { status: 429 });

/** What AWS has and this server does not. */
export const notHere = (what: string): ServiceFault =>
  new ServiceFault('NotImplementedException', `Mayfly does not have ${what} yet.`, { status: 400 });
