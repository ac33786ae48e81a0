/** Quotas of IAM. @source IAM User Guide, "IAM and AWS STS quotas", read 2026-11 */
export const bounds = {
  roles: 5_000,
  users: 5_000,
  groups: 500,
  policies: 5_000,
  profiles: 5_000,
  attached: 20,
  policyVersions: 5,
  keysPerUser: 2,
  /** Of one service, for one user. */
  credentialsPerService: 2,
  sshKeysPerUser: 5,
  groupsPerUser: 10,
  tags: 50,
  /** Characters without white space. */
  managedPolicy: 6_144,
  inlinePolicies: { role: 10_240, user: 2_048, group: 5_120 },
  trustPolicy: 4_096,
  pageSize: 100,
} as const;
