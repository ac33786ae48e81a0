import { ServiceFault, type Call } from '@mayfly/wire';
import type { Authoriser } from '../api/index.ts';
import type { AccountId, Clock, Logger, Region } from '../base/index.ts';
import { readFunctionName, type Control, type Statement } from '../control/index.ts';
import { readCallbackId } from '../durable/index.ts';
import { Access, rulesOf, type Sender } from '../services/index.ts';
import type { Config } from './config.ts';
import type { Neighbours } from './neighbours.ts';

export interface AccessParts {
  readonly config: Pick<Config, 'auth' | 'explainDenials'>;
  readonly neighbours: Pick<Neighbours, 'authority' | 'guarded' | 'readers'>;
  readonly control: Pick<Control, 'policy' | 'layerPolicy' | 'executionRole' | 'mappings'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Who may do what, in a server that does not let everybody: the policies of callers, of functions and of what is around them. */
export interface Gatekeeper extends Authoriser {
  /** Lets an event in, or not, that a service brings for what happened at its source. @throws ServiceFault AccessDeniedException. @source spec 1.6-03 */
  admit(from: Sender, resource: string): void;
  /** The same for what a function hands on when an event or a batch has ended: its role decides, as it is then. @source spec 1.16-05 */
  admitOf(functionArn: string, resource: string): void;
}

export function openGatekeeper({ config, neighbours, control, clock, log }: AccessParts): Gatekeeper {
  const roleOf = (functionArn: string): string | undefined => {
    const [, , , region = '', account = '', , name = '', qualifier] = functionArn.split(':');
    return control.executionRole(account as AccountId, region as Region, name, qualifier);
  };
  const access = new Access({
    rules: rulesOf({
      ...neighbours.readers,
      functionName: readFunctionName,
      functions: {
        role: roleOf,
        callbackOwner: (callbackId) => readCallbackId(callbackId)?.executionArn,
        mapping(uuid) {
          const found = [...control.mappings.all()].find((mapping) => mapping.uuid === uuid);
          return found && { sourceArn: found.eventSourceArn, functionArn: found.functionArn };
        },
      },
    }),
    authority: neighbours.authority,
    guarded: (resource) => {
      const statements = ofLambda(control, resource);
      return statements === undefined
        ? neighbours.guarded(resource)
        : { policies: statements.length === 0 ? [] : [documentOf(statements)] };
    },
    clock,
    log,
    explain: config.explainDenials,
    soft: config.auth === 'soft',
  });
  const admit: Gatekeeper['admit'] = (from, resource) => {
    const service = resource.split(':')[2] ?? '';
    const action = deliveries[service];
    const demand = {
      action: action ?? '',
      resource: service === 's3' ? `${resource}/*` : resource,
      // Alarms alone are let in by the policy that every topic has.
      ...(from.service === 'cloudwatch.amazonaws.com' ? { context: { 'aws:SourceOwner': from.sourceAccount } } : {}),
    };
    if (action === undefined || access.serviceMay(from, demand)) return;
    throw new ServiceFault(
      'AccessDeniedException',
      `${from.roleArn ?? from.service} is not authorized to perform: ${action} on resource: ${resource}`,
      { status: 403 },
    );
  };
  return {
    check: (call: Call, input: object) => access.check(call, input),
    mayCallUrl({ account, region, functionName, qualifier, authType }, call) {
      const resource = `arn:aws:lambda:${region}:${account}:function:${functionName}${qualifier === undefined ? '' : `:${qualifier}`}`;
      const context = { 'lambda:FunctionUrlAuthType': authType, 'lambda:InvokedViaFunctionUrl': 'true' };
      return ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'].every((action) =>
        access.may(call, { action, resource, context }),
      );
    },
    mayCallApi: (arn, call) => access.may(call, { action: 'execute-api:Invoke', resource: arn }),
    admit,
    admitOf(functionArn, resource) {
      const roleArn = roleOf(functionArn);
      if (roleArn === undefined)
        throw new ServiceFault('AccessDeniedException', `${functionArn} has no role any more.`, { status: 403 });
      admit(
        { service: 'lambda.amazonaws.com', roleArn, sourceArn: functionArn, sourceAccount: functionArn.split(':')[4] ?? '' },
        resource,
      );
    },
  };
}

/** What bringing something to a resource is called. */
const deliveries: Readonly<Record<string, string>> = {
  lambda: 'lambda:InvokeFunction',
  sqs: 'sqs:SendMessage',
  sns: 'sns:Publish',
  kinesis: 'kinesis:PutRecord',
  events: 'events:PutEvents',
  s3: 's3:PutObject',
};

/** Statements of a function, version, alias or layer version; undefined for what is none of these. */
function ofLambda(control: AccessParts['control'], resource: string): readonly Statement[] | undefined {
  const [, , service, region = '', account = '', kind, name = '', qualifier] = resource.split(':');
  if (service !== 'lambda') return undefined;
  const place = [account as AccountId, region as Region] as const;
  if (kind === 'function') return control.policy(...place, name, qualifier);
  return kind === 'layer' && qualifier !== undefined ? control.layerPolicy(...place, name, qualifier) : [];
}

/** Statements change as a whole, so each list is written out once. */
const documents = new WeakMap<readonly Statement[], string>();
function documentOf(statements: readonly Statement[]): string {
  let text = documents.get(statements);
  if (text === undefined) documents.set(statements, (text = JSON.stringify({ Version: '2012-10-17', Statement: statements })));
  return text;
}
