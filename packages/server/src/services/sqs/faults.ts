import { ServiceFault } from '@mayfly/wire';

export const queueDoesNotExist = (): ServiceFault => new ServiceFault('QueueDoesNotExist', 'The specified queue does not exist.');

export const invalidParameter = (message: string): ServiceFault =>
  new ServiceFault('InvalidParameterValue', message, { status: 400 });

export const invalidValue = (value: unknown, parameter: string, reason: string): ServiceFault =>
  invalidParameter(`Value ${String(value)} for parameter ${parameter} is invalid. Reason: ${reason}`);

export const missingParameter = (name: string): ServiceFault =>
  new ServiceFault('MissingParameter', `The request must contain the parameter ${name}.`, { status: 400 });

export const invalidHandle = (handle: string): ServiceFault =>
  new ServiceFault('ReceiptHandleIsInvalid', `The input receipt handle "${handle.slice(0, 200)}" is not a valid receipt handle.`);

export const unknownAttribute = (name: string): ServiceFault =>
  new ServiceFault('InvalidAttributeName', `Unknown Attribute ${name}.`, { status: 400 });

export const invalidAttribute = (name: string, reason?: string): ServiceFault =>
  new ServiceFault(
    'InvalidAttributeValue',
    `Invalid value for the parameter ${name}.${reason === undefined ? '' : ` Reason: ${reason}`}`,
    {
      status: 400,
    },
  );
