/** Who brings something to a resource, and for what: the resource's policy, or the role's, has to let it in. */
export interface Sender {
  /** `s3.amazonaws.com` */
  readonly service: string;
  /** What it happened to: a bucket, a topic, a rule. */
  readonly sourceArn: string;
  readonly sourceAccount: string;
  /** In whose name it is brought; absent = in that of the service. */
  readonly roleArn?: string;
  /** Trace of the call that brought it about. */
  readonly traceHeader?: string;
}
