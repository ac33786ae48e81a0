import { ServiceFault } from '@mayfly/wire';
import type { Template } from '../template/template.ts';

/** What a translation may know besides the template. */
export interface SamContext {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly region: string;
  readonly account: string;
  readonly partition: string;
  /** The ARN of a managed policy by its name, for example of `AWSLambdaBasicExecutionRole`. */
  readonly managedPolicy: (name: string) => string | undefined;
}

/** `AWS::Serverless-2016-10-31`: from a template to the CloudFormation that it stands for. */
export function transformSam(_template: Template, _context: SamContext): Template {
  throw new ServiceFault('ValidationError', 'Mayfly does not have the transform AWS::Serverless-2016-10-31 yet.', {
    status: 400,
  });
}
