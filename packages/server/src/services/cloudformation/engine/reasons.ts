import { ServiceFault } from '@mayfly/wire';

/** What services call it when something of this name is there already. */
export const isAlreadyThere = (error: unknown): boolean =>
  error instanceof ServiceFault &&
  /AlreadyExist|AlreadyOwned|ResourceConflict|EntityAlreadyExists|ResourceInUse|ResourceExists|QueueNameExists|^ConflictException$/.test(
    error.code,
  );

/** What services call it when there is nothing of this name. */
export const isNotThere = (error: unknown): boolean =>
  error instanceof ServiceFault &&
  (/NotFound|NoSuch|NonExistent|DoesNotExist/.test(error.code) || /does not exist/.test(error.message));

/** Why a resource could not be made, as its status tells it. */
export function reasonOf(error: unknown, token: string): string {
  if (!(error instanceof ServiceFault)) return error instanceof Error ? error.message : String(error);
  return `Resource handler returned message: "${error.message}" (RequestToken: ${token}, HandlerErrorCode: ${handlerCode(error)})`;
}

function handlerCode(error: ServiceFault): string {
  if (isAlreadyThere(error)) return 'AlreadyExists';
  if (isNotThere(error)) return 'NotFound';
  if (/AccessDenied|NotAuthorized|Unauthorized/.test(error.code)) return 'AccessDenied';
  if (/Limit|Quota|Throttl/.test(error.code)) return 'ServiceLimitExceeded';
  return (error.status ?? 400) >= 500 ? 'ServiceInternalError' : 'InvalidRequest';
}
