import { ServiceFault, type Call } from '@mayfly/wire';
import type { Authoriser } from '../api/index.ts';
import type { AccountId, Clock, Logger, Region } from '../base/index.ts';
import { readFunctionName, type Control, type Statement } from '../control/index.ts';
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
}

export function openGatekeeper({ config, neighbours, control, clock, log }: AccessParts): Gatekeeper {
  const access = new Access({
    rules: rulesOf({
      ...neighbours.readers,
      functionName: readFunctionName,
      functions: {
        role(functionArn) {
          const [, , , region = '', account = '', , name = '', qualifier] = functionArn.split(':');
          return control.executionRole(account as AccountId, region as Region, name, qualifier);
        },
        mapping(uuid) {
          const found = [...control.mappings.all()].find((mapping) => mapping.uuid === uuid);
          return found && { sourceArn: found.eventSourceArn, functionArn: found.functionArn };
        },
      },
    }),
    authority: neighbours.authority,
    guarded: (resource) => {
      const statements = ofLambda(control, resource);
      return statements === undefined ? neighbours.guarded(resource) : { policies: statements.length === 0 ? [] : [documentOf(statements)] };
    },
    clock,
    log,
    explain: config.explainDenials,
    soft: config.auth === 'soft',
  });
  return {
    check: (call: Call, input: object) => access.check(call, input),
    mayCallUrl({ account, region, functionName, qualifier, authType }, call) {
      const resource = `arn:aws:lambda:${region}:${account}:function:${functionName}${qualifier === undefined ? '' : `:${qualifier}`}`;
      const context = { 'lambda:FunctionUrlAuthType': authType, 'lambda:InvokedViaFunctionUrl': 'true' };
      return ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'].every((action) => access.may(call, { action, resource, context }));
    },
    admit(from, resource) {
      const action = deliveries[resource.split(':')[2] ?? ''];
      if (action === undefined || access.serviceMay(from, { action, resource })) return;
      throw new ServiceFault('AccessDeniedException', `${from.roleArn ?? from.service} is not authorized to perform: ${action} on resource: ${resource}`, { status: 403 });
    },
  };
}

/** What bringing something to a resource is called. */
const deliveries: Readonly<Record<string, string>> = {
  lambda: 'lambda:InvokeFunction',
  sqs: 'sqs:SendMessage',
  sns: 'sns:Publish',
  kinesis: 'kinesis:PutRecord',
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
