import { ServiceFault } from '@mayfly/wire';

/** Said by CloudFormation itself, and not by a service whose resource it makes. */
export class StackFault extends ServiceFault {}

/** A transform could not be carried out: a change set fails with it, and is there to say so. */
export class TransformFailed extends StackFault {
  constructor(message: string) {
    super('ValidationError', message, { status: 400 });
  }
}

const told = (code: string, message: string, status = 400): StackFault => new StackFault(code, message, { status });

/** Almost everything that CloudFormation refuses, it refuses with this. */
export const invalid = (message: string): StackFault => told('ValidationError', message);
export const formatError = (message: string): StackFault => invalid(`Template format error: ${message}`);
export const templateError = (message: string): StackFault => invalid(`Template error: ${message}`);
export const noSuchStack = (name: string): StackFault => invalid(`Stack with id ${name} does not exist`);
export const noStackNamed = (name: string): StackFault => invalid(`Stack [${name}] does not exist`);
export const noSuchChangeSet = (name: string): StackFault => told('ChangeSetNotFound', `ChangeSet [${name}] does not exist`, 404);
export const alreadyExists = (message: string): StackFault => told('AlreadyExistsException', message);
export const insufficientCapabilities = (message: string): StackFault => told('InsufficientCapabilitiesException', message);
export const limitExceeded = (message: string): StackFault => told('LimitExceededException', message);
export const invalidStatus = (message: string): StackFault => told('InvalidChangeSetStatus', message);
