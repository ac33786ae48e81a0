import { ServiceFault } from '@mayfly/wire';

const fault = (code: string, message: string, status: number): ServiceFault =>
  new ServiceFault(code, message, { status, members: { code } });

export const invalid = (message: string): ServiceFault => fault('ValidationException', message, 400);
export const notFound = (message: string): ServiceFault => fault('ResourceNotFoundException', message, 404);
export const conflict = (message: string): ServiceFault => fault('ConflictException', message, 409);
export const tooMany = (message: string): ServiceFault => fault('ServiceLimitExceededException', message, 402);

/** The operations on tags have faults of their own. */
export const noSuchResource = (message: string): ServiceFault => fault('NotFoundException', message, 404);
export const badRequest = (message: string): ServiceFault => fault('BadRequestException', message, 400);
