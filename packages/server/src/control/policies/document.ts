import { ServiceFault } from '@mayfly/wire';
import { conflict, notFound } from '../faults.ts';
import type { PolicyRecord, Statement } from './record.ts';

/** Bytes of a policy as text. @source spec 1.6-10 */
const limitBytes = 20_480;

/** The document as it is shown. @source spec 1.6-04 */
export const documentOf = (policy: PolicyRecord): string =>
  JSON.stringify({ Version: policy.version ?? '2012-10-17', Id: policy.id ?? 'default', Statement: policy.statements });

/** @throws PolicyLengthExceededException */
export function checkLength(policy: PolicyRecord): void {
  const bytes = Buffer.byteLength(documentOf(policy));
  if (bytes > limitBytes)
    throw new ServiceFault(
      'PolicyLengthExceededException',
      `The final policy size (${bytes}) is bigger than the limit (${limitBytes}).`,
    );
}

/** @throws ResourceConflictException, PolicyLengthExceededException. @source spec 1.6-06 */
export function withStatement(policy: PolicyRecord | undefined, statement: Statement, revisionId: string): PolicyRecord {
  if (policy?.statements.some(({ Sid }) => Sid === statement.Sid))
    throw conflict(
      `The statement id (${statement.Sid}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
    );
  const next = { ...policy, statements: [...(policy?.statements ?? []), statement], revisionId };
  checkLength(next);
  return next;
}

/** @returns undefined when it was the last one. @throws ResourceNotFoundException. @source spec 1.6-07 */
export function withoutStatement(policy: PolicyRecord | undefined, sid: string, revisionId: string): PolicyRecord | undefined {
  if (policy === undefined) throw notFound('No policy is associated with the given resource.');
  const statements = policy.statements.filter(({ Sid }) => Sid !== sid);
  if (statements.length === policy.statements.length) throw notFound(`Statement ${sid} is not found in resource policy.`);
  return statements.length === 0 ? undefined : { ...policy, statements, revisionId };
}
