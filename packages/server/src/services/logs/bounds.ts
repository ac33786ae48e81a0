/** Bounds of the log store. Those of AWS are from the quotas page of CloudWatch Logs, read 2026-11. */
export const bounds = {
  /** Events of one PutLogEvents. */
  putEvents: 10_000,
  /** Bytes of one PutLogEvents: UTF-8 of all messages and 26 for each event. */
  putBytes: 1_048_576,
  putOverheadBytes: 26,
  /** Span of one PutLogEvents, milliseconds. */
  putSpanMs: 24 * 3_600_000,
  /** An event may be this much ahead of our clock, milliseconds. */
  futureMs: 2 * 3_600_000,
  /** And this much behind it. */
  pastMs: 14 * 24 * 3_600_000,
  /** Longest message, UTF-16 units; the rest is cut off. */
  messageLength: 1_000_000,
  /** Events of one answer. */
  answerEvents: 10_000,
  /** Bytes of one answer; a page ends here with a token. */
  answerBytes: 1_048_576,
  /** Bytes one FilterLogEvents reads before it answers with what it has and a token; ours. */
  scanBytes: 16 * 1_048_576,
  /** Metric filters of one group. */
  metricFilters: 100,
  /** Subscription filters of one group. */
  subscriptionFilters: 2,
  /** Resource policies of an account in a region. */
  resourcePolicies: 10,
  tags: 50,
} as const;
