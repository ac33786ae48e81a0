import { ServiceFault } from '@mayfly/wire';

const user = { Type: 'User' } as const;

export const invalid = (text: string): ServiceFault =>
  new ServiceFault('InvalidParameterValueException', text, { status: 400, members: user });

/** SDKs tell it by these words from everything else that is wrong with a checkpoint, and end their invocation alone. @source spec 10.2-06 */
export const invalidToken = (): ServiceFault => invalid('Invalid Checkpoint Token');

export const executionNotFound = (): ServiceFault =>
  new ServiceFault('ResourceNotFoundException', 'Durable Execution does not exist', { status: 404, members: user });

export const callbackNotFound = (): ServiceFault =>
  new ServiceFault('ResourceNotFoundException', 'Callback does not exist', { status: 404, members: user });

/** @source spec 10.4-03 */
export const callbackClosed = (): ServiceFault =>
  new ServiceFault(
    'CallbackTimeoutException',
    'The callback ID token has either expired or the callback associated with the token has already been closed.',
    { status: 400, members: user },
  );

/** @source spec 10.1-05 */
export const alreadyStarted = (name: string): ServiceFault =>
  new ServiceFault(
    'DurableExecutionAlreadyStartedException',
    `A durable execution with the name ${name} has already been started with another payload.`,
    { status: 409, members: user },
  );

export const stopping = (): ServiceFault =>
  new ServiceFault('ServiceException', 'The server is stopping; try again.', { status: 503 });

/** A refusal that says nothing about the function, and that another try may not meet. */
export const willPass = ({ code }: ServiceFault): boolean =>
  code === 'TooManyRequestsException' || code === 'ResourceConflictException' || code === 'ServiceException';
