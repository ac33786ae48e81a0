import { ServiceFault, type Caller } from '@mayfly/wire';
import type { Decision } from '../iam/index.ts';
import type { Demand } from './demand.ts';

/** How each service says no; the JSON protocols say it with 400. */
const forms: Readonly<Record<string, readonly [code: string, status: number]>> = {
  apigateway: ['AccessDeniedException', 403],
  apigatewayv2: ['AccessDeniedException', 403],
  cloudformation: ['AccessDenied', 403],
  cloudwatch: ['AccessDenied', 403],
  iam: ['AccessDenied', 403],
  lambda: ['AccessDeniedException', 403],
  s3: ['AccessDenied', 403],
  scheduler: ['AccessDeniedException', 403],
  signer: ['AccessDeniedException', 403],
  sns: ['AuthorizationError', 403],
  sqs: ['AccessDenied', 403],
  sts: ['AccessDenied', 403],
};

const kinds = { identity: 'identity-based', resource: 'resource-based' } as const;

/** The answer to who may not, in AWS's words. Which statement denies is for the log alone. */
export function refusal(service: string, caller: Caller, demand: Demand, decision: Decision): ServiceFault {
  const [code, status] = forms[service] ?? ['AccessDeniedException', 400];
  if (caller.kind === 'anonymous')
    return service === 's3' ? new ServiceFault(code, 'Access Denied', { status }) : unsigned(service);
  // S3 alone sets the ARN in quotation marks.
  const resource = service === 's3' ? `"${demand.resource}"` : demand.resource;
  return new ServiceFault(
    code,
    `User: ${caller.arn} is not authorized to perform: ${demand.action} on resource: ${resource} ${why(demand, decision)}`,
    {
      status,
    },
  );
}

/** Nobody signed, where somebody has to. @source spec 0.1-11 */
export const unsigned = (service: string): ServiceFault =>
  new ServiceFault(
    query.has(service) ? 'MissingAuthenticationToken' : 'MissingAuthenticationTokenException',
    'Missing Authentication Token',
    { status: 403 },
  );
const query = new Set(['cloudformation', 'cloudwatch', 'iam', 'sns', 'sts']);

/** @source IAM User Guide, "Troubleshoot access denied error messages", read 2026-11 */
function why({ action }: Demand, decision: Decision): string {
  if (decision.kind === 'explicitDeny') return `with an explicit deny in ${article[decision.by.kind]}`;
  const [first = 'identity'] = decision.kind === 'implicitDeny' ? decision.lacking : [];
  return `because no ${first === 'boundary' ? 'permissions boundary' : first === 'session' ? 'session policy' : `${kinds[first]} policy`} allows the ${action} action`;
}

const article = {
  identity: 'an identity-based policy',
  resource: 'a resource-based policy',
  boundary: 'a permissions boundary',
  session: 'a session policy',
} as const;

/** An execution role that may not do what its function is set to do. @source spec 9.3-31 */
export function roleMayNot({ action, resource }: Demand): ServiceFault {
  const [service = '', verb = ''] = action.split(':');
  const named = { sqs: 'SQS', sns: 'SNS', s3: 'S3', lambda: 'Lambda', events: 'EventBridge' }[service];
  const message =
    named === undefined
      ? `Cannot access stream ${resource}. Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM.`
      : `The provided execution role does not have permissions to call ${verb} on ${named}`;
  return new ServiceFault('InvalidParameterValueException', message, { status: 400, members: { Type: 'User' } });
}

/** A role that the service it is handed to cannot assume. @source spec 1.16-03 */
export function unassumable(service: string, role: string, passedTo: string): ServiceFault {
  switch (service) {
    case 'lambda':
      return new ServiceFault(
        'InvalidParameterValueException',
        'The role defined for the function cannot be assumed by Lambda.',
        {
          status: 400,
          members: { Type: 'User' },
        },
      );
    case 'scheduler':
      return new ServiceFault(
        'ValidationException',
        'The execution role you provide must allow AWS EventBridge Scheduler to assume the role.',
        { status: 400 },
      );
    default:
      return new ServiceFault('ValidationException', `Provided role '${role}' cannot be assumed by principal '${passedTo}'.`, {
        status: 400,
      });
  }
}
