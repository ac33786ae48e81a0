/** As given; what is absent means AWS's default. @source spec 1.11-01 */
export interface EventInvokeRecord {
  readonly maximumRetryAttempts?: number;
  readonly maximumEventAgeMs?: number;
  readonly onSuccess?: string;
  readonly onFailure?: string;
  readonly modifiedAt: number;
}
