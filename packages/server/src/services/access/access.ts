import type { Call, ServiceName } from '@mayfly/wire';
import type { Clock, Logger } from '../../base/index.ts';
import type { Answer, Authority } from '../iam/index.ts';
import type { Sender } from '../kit/index.ts';
import { requestTags, type AnyInput, type Context, type Demand, type ServiceRules } from './demand.ts';
import { refusal, roleMayNot, unassumable, unsigned } from './refusal.ts';

/** Policies of a resource, and whose it is where its ARN does not say. */
export interface Guarded {
  readonly policies: readonly string[];
  readonly account?: string;
}

export interface AccessOptions {
  readonly rules: Readonly<Record<ServiceName, ServiceRules>>;
  readonly authority: Pick<Authority, 'ask' | 'askService' | 'askRole' | 'serviceMayAssume'>;
  /** What guards a resource, by its ARN; undefined where there is nothing. */
  readonly guarded: (resource: string) => Guarded | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Every refusal is logged with what would change it. */
  readonly explain: boolean;
  /** Refusals are logged and nothing is refused: to see what a server would do before it does. */
  readonly soft: boolean;
}

/** What has to be known of a call. */
export type Asked = Pick<Call, 'caller' | 'account' | 'region' | 'headers' | 'sourceIp'>;

/** Decides every operation of every service by the policies of whoever calls and of what is called. */
export class Access {
  readonly #options: AccessOptions;

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /**
   * For the street door.
   *
   * @returns the call as the handler is to see it
   * @throws ServiceFault  AccessDeniedException in the words of the service
   */
  check(call: Call, input: object): Call {
    if (call.caller.kind === 'anonymous' && !mayBeUnsigned(call)) throw unsigned(call.service);
    const rules = this.#options.rules[call.service as ServiceName];
    const demands = demandsOf(rules, call, input as AnyInput);
    for (const demand of demands) this.#require(call, demand);
    const [first] = demands;
    if (rules.byAccount !== true || first === undefined) return call;
    const account = accountIn(first.resource);
    return account === undefined || account === call.account ? call : within(call, account);
  }

  /** Whether a caller may; refusals are told to the log. */
  may(call: Asked, demand: Demand): boolean {
    return this.#ask(call, demand).allowed || this.#options.soft;
  }

  /** Whether a service may act on a resource, for what happened in another one or in the name of a role. */
  serviceMay({ service, roleArn, sourceArn, sourceAccount }: Sender, demand: Demand): boolean {
    const { authority, soft } = this.#options;
    const guarded = this.#options.guarded(demand.resource);
    const account = guarded?.account ?? accountIn(demand.resource) ?? '';
    const question = {
      ...demand,
      resourceAccount: account,
      resourcePolicies: guarded?.policies ?? [],
      context: {
        ...this.#always(),
        'aws:ResourceAccount': account,
        'aws:SourceArn': sourceArn,
        'aws:SourceAccount': sourceAccount,
        ...demand.context,
      },
    };
    const answer =
      roleArn === undefined
        ? authority.askService(service, question)
        : authority.askRole(roleArn, service.split('.')[0] ?? '', question);
    if (!answer.allowed) this.#tell(answer, demand);
    return answer.allowed || soft;
  }

  #require(call: Call, demand: Demand): void {
    const { authority, soft } = this.#options;
    if (demand.by !== undefined) {
      const from: Sender = { service: 'lambda.amazonaws.com', roleArn: demand.by, sourceArn: '', sourceAccount: call.account };
      if (!this.serviceMay(from, demand)) throw roleMayNot(demand);
      return;
    }
    const answer = this.#ask(call, demand);
    if (!answer.allowed) {
      if (soft) return;
      throw refusal(call.service, call.caller, demand, answer.decision);
    }
    if (
      demand.passedTo === undefined ||
      authority.serviceMayAssume(demand.resource, demand.passedTo, { ...demand.context, ...handedOver(call, demand) })
    )
      return;
    if (!soft) throw unassumable(call.service, demand.resource, demand.passedTo);
  }

  #ask(call: Asked, demand: Demand): Answer {
    const guarded = this.#options.guarded(demand.resource);
    const account = guarded?.account ?? accountIn(demand.resource) ?? call.account;
    const answer = this.#options.authority.ask(call, {
      action: demand.action,
      resource: demand.resource,
      resourceAccount: account,
      resourcePolicies: guarded?.policies ?? [],
      context: () => ({
        ...this.#always(),
        'aws:RequestedRegion': call.region,
        'aws:ResourceAccount': account,
        'aws:SourceIp': call.sourceIp?.replace(/^::ffff:/, ''),
        'aws:UserAgent': call.headers['user-agent'],
        'aws:referer': call.headers['referer'],
        ...demand.context,
      }),
    });
    if (!answer.allowed) this.#tell(answer, demand);
    return answer;
  }

  #always(): Context {
    const nowMs = this.#options.clock.now();
    return {
      'aws:CurrentTime': new Date(nowMs).toISOString(),
      'aws:EpochTime': String(Math.floor(nowMs / 1000)),
      // Requests stay on this machine, or come through whatever the operator put in front of it.
      'aws:SecureTransport': 'true',
    };
  }

  #tell({ explanation, decision }: Answer, { action, resource }: Demand): void {
    const { explain, soft, log } = this.#options;
    if (!explain && !soft) return;
    log.warn(soft ? 'This would have been refused.' : 'This was refused.', {
      action,
      resource,
      why: explanation.text,
      decision: decision.kind,
      ...(explanation.wouldAllow.length === 0 ? {} : { wouldAllow: explanation.wouldAllow }),
    });
  }
}

/** What a trust policy may ask of whoever hands its role to a service. */
const handedOver = ({ account }: Call, { context }: Demand): Context => ({
  'aws:SourceAccount': account,
  'aws:SourceArn': context?.['iam:AssociatedResourceArn'],
});

/** Services whose resources can be opened to everybody. Elsewhere an operation that demands nothing is still for known callers. */
const openable = new Set(['s3', 'sns', 'sqs']);
const mayBeUnsigned = ({ service, operation }: Call): boolean =>
  openable.has(service) || operation === 'AssumeRoleWithWebIdentity';

function demandsOf(rules: ServiceRules, call: Call, input: AnyInput): readonly Demand[] {
  if (rules.free?.has(call.operation) === true) return [];
  const rule = Object.hasOwn(rules.operations, call.operation) ? rules.operations[call.operation] : undefined;
  const demands = rule === undefined ? [] : [rule(input, call)].flat();
  if (demands.length > 0) return demands;
  // Also what an empty batch comes to: nothing is done without being asked for.
  return [
    {
      action: `${rules.prefix}:${call.operation}`,
      resource: rules.resource(input, call) ?? '*',
      context: requestTags(input['Tags'] ?? input['tags']),
    },
  ];
}

const accountIn = (resource: string): string | undefined => /^arn:[^:]*:[^:]*:[^:]*:(\d{12}):/.exec(resource)?.[1];

/** The same call, as if made in another account; what is read late stays late. */
const within = (call: Call, account: string): Call => ({ ...call, account, origin: call.origin, signal: call.signal });
