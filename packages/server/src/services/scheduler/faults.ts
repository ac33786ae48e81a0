import { ServiceFault } from '@mayfly/wire';

const told = (code: string, message: string, status: number): ServiceFault => new ServiceFault(code, message, { status });

export const invalid = (message: string): ServiceFault => told('ValidationException', message, 400);
export const notFound = (message: string): ServiceFault => told('ResourceNotFoundException', message, 404);
export const conflict = (message: string): ServiceFault => told('ConflictException', message, 409);
export const quota = (message: string): ServiceFault => told('ServiceQuotaExceededException', message, 402);
