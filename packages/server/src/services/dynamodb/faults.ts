import { ServiceFault } from '@mayfly/wire';

export const invalid = (message: string): ServiceFault => new ServiceFault('ValidationException', message, { status: 400 });

export const invalidParameter = (message: string): ServiceFault =>
  invalid(`One or more parameter values were invalid: ${message}`);

export const tableNotFound = (name: string): ServiceFault =>
  new ServiceFault('ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`);

/** What operations on items say. */
export const resourceNotFound = (): ServiceFault => new ServiceFault('ResourceNotFoundException', 'Requested resource not found');

export const inUse = (message: string): ServiceFault => new ServiceFault('ResourceInUseException', message);
