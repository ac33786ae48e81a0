import type { Call } from '@mayfly/wire';
import { roleOf, type Keys } from '../keys/index.ts';
import { findPolicy } from './directory.ts';
import {
  evaluate,
  explain,
  parsePolicy,
  PolicyError,
  type AccessRequest,
  type Decision,
  type Explanation,
  type NamedPolicy,
  type PolicyDocument,
  type PolicySet,
  type Requester,
} from './policy/index.ts';
import type { Entity, IamRecords } from './records.ts';

export interface Question {
  /** `s3:GetObject` */
  readonly action: string;
  readonly resource: string;
  /** The caller's own account when absent. */
  readonly resourceAccount?: string;
  readonly resourceMustAllow?: boolean;
  readonly context?: AccessRequest['context'];
  /** Policies of the resource, as documents. */
  readonly resourcePolicies?: readonly string[];
}

type Context = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface Answer {
  readonly allowed: boolean;
  readonly decision: Decision;
  readonly explanation: Explanation;
}

/** What a resource policy that cannot be read is taken for: it keeps out everybody but the root of the account, who can replace it. */
const closed = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Deny',
      Principal: '*',
      Action: '*',
      Resource: '*',
      Condition: { StringNotLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:root' } },
    },
  ],
});

const principalTags = (tags: Readonly<Record<string, string>> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:PrincipalTag/${key}`, value]));

/** Documents read lately; reading costs more than deciding. */
const documentsKept = 2_000;

/** Asks the policies of an account whether somebody may do something. */
export class Authority {
  readonly #records: IamRecords;
  readonly #keys: Keys;
  readonly #documents = new Map<string, PolicyDocument>();

  constructor(options: { readonly records: IamRecords; readonly keys: Keys }) {
    this.#records = options.records;
    this.#keys = options.keys;
  }

  /** Whether the caller may; and why, or why not. */
  ask(call: Pick<Call, 'caller' | 'account' | 'headers'>, question: Question): Answer {
    const { requester, policies, context } = this.#callerOf(call);
    const all = (): Context => ({
      ...(typeof question.context === 'function' ? question.context() : question.context),
      ...context,
    });
    return this.#answer(requester, policies, { ...question, context: all }, call.account);
  }

  /** Whether a service may assume a role: its trust policy must name it. @source spec 1.16-03 */
  serviceMayAssume(roleArn: string, service: string, context: AccessRequest['context'] = {}): boolean {
    const role = this.role(roleArn);
    if (role === undefined) return false;
    const requester: Requester = { kind: 'service', name: service };
    return this.#answer(
      requester,
      { identity: [] },
      { action: 'sts:AssumeRole', resource: roleArn, resourcePolicies: [role.trust], context },
      '',
    ).allowed;
  }

  /** Whether a service may, which has no policies of its own: those of the resource decide. */
  askService(name: string, question: Question): Answer {
    return this.#answer({ kind: 'service', name }, { identity: [] }, question, '');
  }

  /** Whether a role may, in whose name a service acts. */
  askRole(roleArn: string, sessionName: string, question: Question): Answer {
    const account = roleOf(roleArn)?.account ?? '';
    const arn = `arn:aws:sts::${account}:assumed-role/${roleOf(roleArn)?.name}/${sessionName}`;
    const held = this.role(roleArn) === undefined ? undefined : this.policiesOf(arn);
    return this.#answer({ kind: 'aws', account, arn, userId: '', roleArn }, held ?? { identity: [] }, question, account);
  }

  /** ARN of a user, role, group or profile by its name, which does not tell its path. */
  arnOf(kind: 'role' | 'user' | 'group' | 'profile', account: string, name: string): string | undefined {
    return this.#records.get(kind, account, name)?.arn;
  }

  mayAssume(call: Call, action: string, roleArn: string, input: { readonly externalId?: string }): boolean {
    const role = this.role(roleArn);
    if (role === undefined) return false;
    return this.ask(call, {
      action,
      resource: roleArn,
      resourceAccount: roleOf(roleArn)?.account ?? '',
      resourceMustAllow: true,
      resourcePolicies: [role.trust],
      context: { 'sts:ExternalId': input.externalId },
    }).allowed;
  }

  role(roleArn: string) {
    const named = roleOf(roleArn);
    const role = named === undefined ? undefined : this.#records.get('role', named.account, named.name);
    return role?.arn === roleArn ? role : undefined;
  }

  /** What a user or role holds. Undefined for those who are neither. */
  policiesOf(arn: string): PolicySet | undefined {
    const account = /^arn:[\w-]+:(?:iam|sts)::(\d{12}):/.exec(arn)?.[1] ?? '';
    const user = /:user\/(?:.*\/)?([^/]+)$/.exec(arn)?.[1];
    const group = /:group\/(?:.*\/)?([^/]+)$/.exec(arn)?.[1];
    const role = /:assumed-role\/([^/]+)\//.exec(arn)?.[1] ?? roleOf(arn)?.name;
    if (group !== undefined) return this.#held(account, [this.#records.get('group', account, group)]);
    if (role !== undefined) return this.#held(account, [this.#records.get('role', account, role)]);
    if (user === undefined) return undefined;
    const own = this.#records.get('user', account, user);
    return this.#held(account, [own, ...(own?.groups ?? []).map((name) => this.#records.get('group', account, name))]);
  }

  /** Reads documents that need not be well-formed: those that are not give nothing. */
  named(id: string, document: string): NamedPolicy[] {
    const known = this.#documents.get(document);
    if (known !== undefined) return [{ id, document: known }];
    try {
      const read = parsePolicy(document);
      if (this.#documents.size >= documentsKept) this.#documents.clear();
      this.#documents.set(document, read);
      return [{ id, document: read }];
    } catch (error) {
      if (error instanceof PolicyError) return [];
      throw error;
    }
  }

  /** @param entities  the first one's boundary counts */
  #held(account: string, entities: readonly (Entity | undefined)[]): PolicySet | undefined {
    const [first] = entities;
    if (first === undefined) return undefined;
    const identity = entities.flatMap((entity) => [
      ...Object.entries(entity?.inline ?? {}).flatMap(([name, document]) => this.named(name, document)),
      ...(entity?.attached ?? []).flatMap((arn) => this.#managed(account, arn)),
    ]);
    return { identity, ...(first.boundary === undefined ? {} : { boundary: this.#managed(account, first.boundary) }) };
  }

  #managed(account: string, arn: string): NamedPolicy[] {
    const policy = findPolicy(this.#records, { account }, arn);
    const version = policy?.versions.find(({ id }) => id === policy.defaultVersion);
    return version === undefined ? [] : this.named(arn, version.document);
  }

  #callerOf({ caller, headers }: Pick<Call, 'caller' | 'headers'>): {
    requester: Requester;
    policies: PolicySet;
    context?: Context;
  } {
    if (caller.kind === 'anonymous') return { requester: { kind: 'anonymous' }, policies: { identity: [] } };
    const { account, arn, userId, accessKeyId } = caller;
    // The token that was verified: a presigned URL has it in its query, whatever a header says.
    const token = caller.sessionToken ?? headers['x-amz-security-token'];
    const session = token === undefined ? undefined : this.#keys.session(accessKeyId, token);
    const held = this.policiesOf(arn) ?? { identity: [] };
    const given = [
      ...(session?.policies ?? []).flatMap((document) => this.named('session policy', document)),
      ...(session?.policyArns ?? []).flatMap((policyArn) => this.#managed(account, policyArn)),
    ];
    const cut = session?.policies !== undefined || session?.policyArns !== undefined;
    return {
      requester: { kind: 'aws', account, arn, userId, ...(session?.roleArn === undefined ? {} : { roleArn: session.roleArn }) },
      policies: { ...held, ...(cut ? { session: given } : {}) },
      context: { ...principalTags(session?.tags), ...session?.context },
    };
  }

  #answer(requester: Requester, policies: PolicySet, question: Question, ownAccount: string): Answer {
    const request: AccessRequest = {
      requester,
      action: question.action,
      resource: question.resource,
      resourceAccount: question.resourceAccount ?? ownAccount,
      ...(question.resourceMustAllow === undefined ? {} : { resourceMustAllow: question.resourceMustAllow }),
      ...(question.context === undefined ? {} : { context: question.context }),
    };
    // Whatever cannot be read may have been meant to keep somebody out.
    const resource = question.resourcePolicies?.flatMap((document) => {
      const read = this.named('resource policy', document);
      return read.length === 0 ? this.named('unreadable resource policy', closed) : read;
    });
    const decision = evaluate(request, resource === undefined ? policies : { ...policies, resource });
    return {
      allowed: decision.kind === 'allowed',
      decision,
      get explanation() {
        return explain(request, decision);
      },
    };
  }
}
