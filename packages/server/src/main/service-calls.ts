import { loadApi, ServiceFault, type Caller, type Protocol, type ServiceName, type WireResponse } from '@mayfly/wire';
import type { Random } from '../base/index.ts';
import type { Authority, Keys, Road } from '../services/index.ts';

export interface ServiceCallsOptions {
  readonly road: () => Promise<Road>;
  readonly keys: Keys;
  /** Absent = every role may be assumed. */
  readonly authority?: Pick<Authority, 'serviceMayAssume'>;
  readonly random: Random;
}

/** What routes of HTTP APIs can stand for, with what their clients get to read. */
const protocols = { events: 'awsJson1_1', kinesis: 'awsJson1_1', sqs: 'query' } as const satisfies Partial<
  Record<ServiceName, Protocol>
>;

/** Operations of the house's own services for API Gateway, each in the name of the role of its integration. */
export function openServiceCalls({ road, keys, authority, random }: ServiceCallsOptions) {
  return {
    async call(
      service: string,
      operationName: string,
      input: object,
      as: { readonly roleArn: string; readonly region: string; readonly account: string; readonly sourceArn: string },
    ): Promise<WireResponse & { readonly body: Uint8Array }> {
      const requestId = random.uuid();
      if (!isServed(service)) throw new Error(`Routes cannot stand for operations of ${service}.`);
      const api = await loadApi(service);
      const operation = api.operations.get(operationName);
      if (operation === undefined) throw new Error(`${service} has no ${operationName}.`);
      try {
        const context = { 'aws:SourceArn': as.sourceArn, 'aws:SourceAccount': as.account };
        if (authority?.serviceMayAssume(as.roleArn, 'apigateway.amazonaws.com', context) === false)
          throw new ServiceFault('AccessDeniedException', `API Gateway may not assume ${as.roleArn}.`, { status: 403 });
        const caller = roleCaller(keys, as.roleArn, 'BackplaneAssumeRoleSession');
        const actor = { caller, account: caller.account, region: as.region, by: 'apigateway.amazonaws.com' };
        const output = await (await road()).call(service, operationName, input, actor);
        return whole(api.encode(operation, protocols[service], output as object, { requestId }));
      } catch (error) {
        if (!(error instanceof ServiceFault)) throw error;
        return whole(api.encodeFault(error, protocols[service], { requestId }));
      }
    },
  };
}

const isServed = (service: string): service is keyof typeof protocols => Object.hasOwn(protocols, service);

/** Whoever acts as a role. */
export function roleCaller(keys: Keys, roleArn: string, sessionName: string): Caller & { readonly kind: 'signed' } {
  const { accessKeyId, sessionToken } = keys.issueRoleCredentials(roleArn, sessionName);
  const known = keys.find(accessKeyId, sessionToken);
  if (known === undefined) throw new Error(`The session of ${roleArn} is not known.`);
  const { account, arn, userId } = known;
  return { kind: 'signed', accessKeyId, account, arn, userId, sessionToken };
}

/** None of these operations answers with a stream. */
function whole({ status, headers, body }: WireResponse): WireResponse & { readonly body: Uint8Array } {
  if (!(body instanceof Uint8Array)) throw new Error('The answer is a stream.');
  return { status, headers, body };
}
