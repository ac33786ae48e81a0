import {
  identifyFor,
  loadApi,
  serviceInfo,
  ServiceFault,
  type Api,
  type Caller,
  type Identity,
  type Operation,
  type Protocol,
  type ServiceName,
  type WireResponse,
} from '@mayfly/wire';
import { Pieces, type Random } from '../base/index.ts';
import type { Authority, Keys, Road } from '../services/index.ts';

export interface ServiceCallsOptions {
  readonly road: () => Promise<Road>;
  readonly keys: Keys;
  /** Absent = every role may be assumed. */
  readonly authority?: Pick<Authority, 'serviceMayAssume'>;
  readonly random: Random;
}

/** On whose behalf, and for what. */
interface As {
  readonly roleArn: string;
  readonly region: string;
  readonly account: string;
  readonly sourceArn: string;
}

type Answer = WireResponse & { readonly body: Uint8Array };

/** What routes of HTTP APIs can stand for, with what their clients get to read. */
const protocols = { events: 'awsJson1_1', kinesis: 'awsJson1_1', sqs: 'query' } as const satisfies Partial<
  Record<ServiceName, Protocol>
>;

/** Of an answer that comes in pieces. */
const mostBytes = 10_485_760;

/** Operations of the house's own services for API Gateway, each in the name of the role of its integration. */
export function openServiceCalls({ road, keys, authority, random }: ServiceCallsOptions) {
  const run = async (api: Api, operation: Operation, protocol: Protocol, as: As, read: () => object): Promise<Answer> => {
    const requestId = random.uuid();
    try {
      const context = { 'aws:SourceArn': as.sourceArn, 'aws:SourceAccount': as.account };
      if (authority?.serviceMayAssume(as.roleArn, 'apigateway.amazonaws.com', context) === false)
        throw new ServiceFault('AccessDeniedException', `API Gateway may not assume ${as.roleArn}.`, { status: 403 });
      const caller = roleCaller(keys, as.roleArn, 'BackplaneAssumeRoleSession');
      const actor = { caller, account: caller.account, region: as.region, by: 'apigateway.amazonaws.com' };
      const output = await (await road()).call(api.service, operation.name, read(), actor);
      return await whole(api.encode(operation, protocol, output as object, { requestId }));
    } catch (error) {
      if (!(error instanceof ServiceFault)) throw error;
      return whole(api.encodeFault(error, protocol, { requestId }));
    }
  };
  return {
    /** An operation with its input. */
    async call(service: string, operationName: string, input: object, as: As): Promise<Answer> {
      if (!isServed(service)) throw new Error(`Routes cannot stand for operations of ${service}.`);
      const api = await loadApi(service);
      const operation = api.operations.get(operationName);
      if (operation === undefined) throw new Error(`${service} has no ${operationName}.`);
      return run(api, operation, protocols[service], as, () => input);
    },

    /**
     * A request as a client would send it to the service.
     *
     * @param request.action  the operation, where the request does not say it by itself
     * @returns undefined when it is for no operation of a service that is here
     */
    async forward(signingName: string, request: ForwardedRequest, as: As): Promise<Answer | undefined> {
      const found = addressed(signingName, request);
      if (found === undefined) return undefined;
      const { service, protocol, head, body } = found;
      const api = await loadApi(service);
      const operation = api.route(head, protocol, body);
      if (operation === undefined) return undefined;
      return run(api, operation, protocol, as, () =>
        api.decode(operation, head, protocol, operation.streamingInput ? once(body) : body),
      );
    },
  };
}

export interface ForwardedRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly action?: string;
}

/** The request as the service's own protocol wants it, with the operation in the place that it has there. */
function addressed(
  signingName: string,
  { method, target, headers, body, action }: ForwardedRequest,
):
  | (Identity & { readonly head: { method: string; target: string; headers: Record<string, string> }; readonly body: Uint8Array })
  | undefined {
  const head = { method, target, headers: { ...headers } };
  const identity = identifyFor(signingName, head);
  if (identity === undefined) return undefined;
  if (action === undefined) return { ...identity, head, body: identity.service === 'sqs' ? toQueue(head, body) : body };
  const { targetPrefix, query } = serviceInfo(identity.service);
  const isJson = targetPrefix !== undefined && !(headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  if (isJson && (identity.protocol === 'awsJson1_0' || identity.protocol === 'awsJson1_1')) {
    head.headers['x-amz-target'] = `${targetPrefix}.${action}`;
    return { ...identity, head, body };
  }
  if (query === undefined) return { ...identity, head, body };
  // Of the query service's parameters some come in the query of the request, some in its body.
  const [path = '/', given = ''] = target.split('?');
  const form = new URLSearchParams(given);
  for (const [name, value] of new URLSearchParams(Buffer.from(body).toString('utf8'))) form.set(name, value);
  form.set('Action', action);
  form.set('Version', query.version);
  head.target = path;
  head.headers['content-type'] = 'application/x-www-form-urlencoded';
  return { ...identity, protocol: 'query', head, body: Buffer.from(form.toString()) };
}

/** A queue may be named by the path alone. */
function toQueue(
  head: { readonly target: string; readonly headers: Readonly<Record<string, string>> },
  body: Uint8Array,
): Uint8Array {
  const [path = '/'] = head.target.split('?');
  const isForm = (head.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  const form = new URLSearchParams(Buffer.from(body).toString('utf8'));
  if (!isForm || path === '/' || form.has('QueueUrl')) return body;
  form.set('QueueUrl', `http://localhost${path}`);
  return Buffer.from(form.toString());
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

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield await Promise.resolve(bytes);
}

/** An answer in pieces, such as an object of a bucket, is read to its end. */
async function whole({ status, headers, body }: WireResponse): Promise<Answer> {
  if (body instanceof Uint8Array) return { status, headers, body };
  const pieces = new Pieces();
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > mostBytes)
      throw new ServiceFault('RequestEntityTooLargeException', `The answer has more than ${mostBytes} bytes.`, { status: 413 });
    pieces.add(Buffer.from(piece));
  }
  return { status, headers, body: pieces.take() };
}
