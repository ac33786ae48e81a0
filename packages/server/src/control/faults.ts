import { ServiceFault } from '@mayfly/wire';

/** The faults every operation of this room may answer with; status and the rest of the shape come from the model. */
export const notFound = (text: string): ServiceFault => new ServiceFault('ResourceNotFoundException', text);
export const invalid = (text: string): ServiceFault => new ServiceFault('InvalidParameterValueException', text);
export const conflict = (text: string): ServiceFault => new ServiceFault('ResourceConflictException', text);

/** What a service behind Lambda refuses is told without `Type`; recorded so for routes of aliases, concurrency and code signing configs. */
export const relayed = ({ code, message }: ServiceFault): ServiceFault =>
  new ServiceFault(code, message, { members: { Type: undefined } });

/** @source spec 9.1-01 */
export const outOfModel = (value: unknown, at: string, constraint: string): ServiceFault =>
  new ServiceFault(
    'ValidationException',
    `1 validation error detected: Value '${String(value)}' at '${at}' failed to satisfy constraint: ${constraint}`,
  );

/** @source spec 9.4-06 */
export const functionNotFound = (arn: string): ServiceFault => notFound(`Function not found: ${arn}`);

/** @param api  where the caller reads the latest id: `GetFunction/GetAlias`, `GetPolicy`, `GetLayerPolicy`. @source spec 9.4-08 */
export const staleRevision = (api: string): ServiceFault =>
  new ServiceFault(
    'PreconditionFailedException',
    `The Revision Id provided does not match the latest Revision Id. Call the ${api} API to retrieve the latest Revision Id`,
  );

/** What this server cannot do as it was started; in sight, and a 4xx so that clients do not retry. */
export const unavailable = (what: string): ServiceFault =>
  new ServiceFault('NotImplementedException', `Mayfly cannot do this here: ${what}`, { status: 400 });
