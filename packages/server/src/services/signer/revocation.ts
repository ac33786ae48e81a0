import { scopeOf } from '../kit/index.ts';
import type { CodeSignature } from './port.ts';
import { readArn, type SignerRecords } from './records.ts';

/** Which of the two that made a signature was taken back: the job by itself, the profile's version from a moment on. */
export function revokedAmong(
  records: SignerRecords,
  { profileVersionArn, jobArn, signedAtMs }: Pick<CodeSignature, 'profileVersionArn' | 'jobArn' | 'signedAtMs'>,
): string[] {
  const [job, profile] = [readArn(jobArn), readArn(profileVersionArn)];
  const jobRevoked = job?.kind === 'job' ? records.get('job', scopeOf(job), job.name)?.revoked : undefined;
  const version =
    profile?.kind === 'profile'
      ? records.get('profile', scopeOf(profile), profile.name)?.versions.find((each) => each.version === profile.version)
      : undefined;
  const sinceMs = version?.revoked?.effectiveAtMs;
  return [
    ...(jobRevoked === undefined ? [] : [jobArn]),
    ...(sinceMs === undefined || signedAtMs < sinceMs ? [] : [profileVersionArn]),
  ];
}
