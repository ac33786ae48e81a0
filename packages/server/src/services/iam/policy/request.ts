/** Who asks. */
export type Requester =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'service'; readonly name: string }
  | {
      readonly kind: 'aws';
      readonly account: string;
      /** A root's, a user's, or a session's. */
      readonly arn: string;
      readonly userId: string;
      /** Of the role, when the ARN is that of a session of it. */
      readonly roleArn?: string;
    };

export interface AccessRequest {
  readonly requester: Requester;
  /** `s3:GetObject` */
  readonly action: string;
  readonly resource: string;
  /** Whose the resource is; the resource's own ARN may not say. */
  readonly resourceAccount: string;
  /** The resource's policy must allow it also within the account: trust policies of roles. */
  readonly resourceMustAllow?: boolean;
  /** Condition keys beyond those that follow from the requester. */
  readonly context?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Condition keys and their values; names are the same in capitals or not. */
export class RequestContext {
  readonly #values = new Map<string, readonly string[]>();

  constructor(request: AccessRequest) {
    for (const [key, value] of Object.entries({ ...impliedKeys(request.requester), ...request.context })) {
      if (value !== undefined) this.#values.set(key.toLowerCase(), typeof value === 'string' ? [value] : value);
    }
  }

  get(key: string): readonly string[] | undefined {
    return this.#values.get(key.toLowerCase());
  }
}

function impliedKeys(requester: Requester): Record<string, string | undefined> {
  if (requester.kind === 'anonymous') return { 'aws:PrincipalType': 'Anonymous', 'aws:PrincipalIsAWSService': 'false' };
  if (requester.kind === 'service') return { 'aws:PrincipalServiceName': requester.name, 'aws:PrincipalIsAWSService': 'true' };
  const { account, arn, userId, roleArn } = requester;
  const user = /:user\/(?:.*\/)?([^/]+)$/.exec(arn)?.[1];
  return {
    'aws:PrincipalArn': roleArn ?? arn,
    'aws:PrincipalAccount': account,
    'aws:PrincipalType': arn.endsWith(':root') ? 'Account' : user === undefined ? 'AssumedRole' : 'User',
    'aws:PrincipalIsAWSService': 'false',
    'aws:userid': userId,
    'aws:username': user,
  };
}
