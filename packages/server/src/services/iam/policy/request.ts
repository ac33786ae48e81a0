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
  readonly context?: Keys | (() => Keys);
}

type Keys = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Condition keys and their values; names are the same in capitals or not. */
export class RequestContext {
  readonly #request: AccessRequest;
  #values: ReadonlyMap<string, readonly string[]> | undefined;

  constructor(request: AccessRequest) {
    this.#request = request;
  }

  /** Most statements ask for nothing, so the keys are put together when the first one does. */
  get(key: string): readonly string[] | undefined {
    this.#values ??= valuesOf(this.#request);
    return this.#values.get(key.toLowerCase());
  }
}

function valuesOf({ requester, context }: AccessRequest): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, readonly string[]>();
  for (const [key, value] of Object.entries({
    ...impliedKeys(requester),
    ...(typeof context === 'function' ? context() : context),
  })) {
    if (value !== undefined) values.set(key.toLowerCase(), typeof value === 'string' ? [value] : value);
  }
  return values;
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
