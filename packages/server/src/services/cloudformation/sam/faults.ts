import { ServiceFault } from '@mayfly/wire';

/** One thing that is wrong with a document; the document's fault counts them. */
export class InvalidPart extends Error {
  override readonly name: string = 'InvalidPart';
}

/** @param logicalId  the resource that cannot be translated */
export class InvalidResource extends InvalidPart {
  override readonly name = 'InvalidResource';

  constructor(logicalId: string, text: string) {
    super(`Resource with id [${logicalId}] is invalid. ${text}`);
  }
}

export const invalidEvent = (logicalId: string, event: string, text: string): InvalidResource =>
  new InvalidResource(logicalId, `Event with id [${event}] is invalid. ${text}`);

/** What the caller of CloudFormation reads when a document cannot be translated: everything that is wrong, at once. */
export const invalidDocument = (parts: readonly InvalidPart[]): ServiceFault =>
  new ServiceFault(
    'ValidationError',
    `Invalid Serverless Application Specification document. ` +
      `Number of errors found: ${parts.length}. ${parts.map(({ message }) => message).join(' ')}`,
    { status: 400 },
  );
