import { resourcePolicySays, type RestApi, type RestDefinition } from '../../../services/index.ts';
import type { HttpReply } from '../../url/reply.ts';
import { methodArn, type Exchange } from './exchange.ts';
import { refusal } from './refusal.ts';

const read = new WeakMap<RestDefinition, unknown>();

/** The answer to a caller whom the API's own policy keeps out. @source API Gateway Developer Guide, "How API Gateway resource policies affect authorization workflow", read 2026-11 */
export function keptOut(exchange: Exchange): HttpReply | undefined {
  const { api, stage, incoming, identity, method } = exchange;
  const { definition } = stage;
  if (definition.policy === undefined) return undefined;
  const { userArn, accountId, user } = identity;
  const requester =
    typeof userArn === 'string'
      ? ({ kind: 'aws', arn: userArn, account: String(accountId), userId: String(user) } as const)
      : ({ kind: 'anonymous' } as const);
  const resource = methodArn(exchange);
  let said: ReturnType<typeof resourcePolicySays>;
  try {
    let document = read.get(definition);
    if (document === undefined) read.set(definition, (document = whole(definition.policy, api)));
    const context = { 'aws:SourceIp': incoming.sourceIp };
    said = resourcePolicySays(document, { requester, action: 'execute-api:Invoke', resource, account: api.account, context });
  } catch {
    // What is no policy lets nobody in.
    return refusal(exchange, 'API_CONFIGURATION_ERROR');
  }
  // Who signed was allowed by policies of their own already.
  if (said === 'allowed' || (said === 'implicitDeny' && method?.authorization === 'AWS_IAM')) return undefined;
  const who = requester.kind === 'aws' ? requester.arn : 'anonymous';
  const why = said === 'explicitDeny' ? ' with an explicit deny' : '';
  return refusal(exchange, 'ACCESS_DENIED', {
    message: `User: ${who} is not authorized to perform: execute-api:Invoke on resource: ${resource}${why}`,
  });
}

/** Policies may name the methods of their own API as `execute-api:/prod/GET/pets`. */
const whole = (policy: string, { region, account, id }: RestApi): unknown =>
  JSON.parse(policy, (_name, value: unknown) =>
    typeof value === 'string' && value.startsWith('execute-api:/')
      ? `arn:aws:execute-api:${region}:${account}:${id}/${value.slice('execute-api:/'.length)}`
      : value,
  );
