import { createHash } from 'node:crypto';
import type { Call, Handlers, SignerOperations } from '@mayfly/wire';
import { pageOf, scopeOf } from '../kit/index.ts';
import { askerOf, keyOf, placeOf, profileIn, type SignerDesk } from './desk.ts';
import { invalid, notFound } from './faults.ts';
import type { Jobs } from './jobs.ts';
import { payloadType, signPayload } from './oci-signature.ts';
import { expiryOf, platforms, type PlatformId } from './platforms.ts';
import { badToken } from './profile-handlers.ts';
import { currentOf, jobArn, statusOf, type Job, type Place, type Profile } from './records.ts';
import { revokedAmong } from './revocation.ts';

type JobOperations = Pick<
  Handlers<SignerOperations>,
  'StartSigningJob' | 'DescribeSigningJob' | 'ListSigningJobs' | 'RevokeSignature' | 'SignPayload' | 'GetRevocationStatus'
>;

export function jobHandlers(desk: SignerDesk, jobs: Jobs): JobOperations {
  const { records, clock, random } = desk;

  /** A job about to be, of a profile that may sign for a platform. */
  const newJob = (call: Call, place: Place, profile: Profile, platformId: PlatformId) => {
    if (profile.platformId !== platformId)
      throw invalid(
        `Signing profile ${profile.name} is for platform ${profile.platformId}, which this operation does not serve.`,
      );
    if (statusOf(profile) !== 'Active')
      throw invalid(`Signing profile ${profile.name} is not active; its status is ${statusOf(profile)}.`);
    const id = random.uuid();
    return {
      id,
      arn: jobArn(place, id),
      profileName: profile.name,
      profileVersion: currentOf(profile).version,
      platformId,
      invoker: call.account,
      requestedBy: askerOf(call),
      createdAtMs: clock.now(),
    };
  };

  const find = (call: Call, id = ''): Job => {
    const owner = records.get('invoked', scopeOf(call), id)?.owner;
    const job = records.get('job', scopeOf(placeOf(call, owner)), id);
    if (job === undefined) throw noJob(id);
    return job;
  };

  return {
    /** The same token again begins nothing: its answer got lost. */
    async StartSigningJob(input, call) {
      const place = placeOf(call, input.profileOwner);
      const profile = profileIn(desk, place, input.profileName);
      const [source, destination] = [input.source?.s3, input.destination?.s3];
      if (source === undefined) throw invalid('Source must be an S3 object.');
      if (destination?.bucketName === undefined) throw invalid('Destination must be an S3 bucket.');
      const { bucketName: bucket = '', key = '', version = '' } = source;
      const about = newJob(call, place, profile, 'AWSLambda-SHA384-ECDSA');
      const job: Job = {
        ...about,
        object: {
          source: { bucket, key, version },
          destination: { bucket: destination.bucketName, key: `${destination.prefix ?? ''}${about.id}.zip` },
        },
        status: 'InProgress',
      };
      const token = input.clientRequestToken ?? random.uuid();
      const asked = hashOf([place.account, profile.name, source, destination]);
      const { jobId, jobOwner } = await records.change((draft) => {
        const known = draft.get('token', scopeOf(call), token);
        if (known !== undefined && known.asked !== asked) throw invalid('The client request token was used for another request.');
        if (known !== undefined) return known;
        const begun = { jobId: job.id, jobOwner: place.account, asked };
        draft.put('token', scopeOf(call), token, begun);
        draft.put('job', scopeOf(place), job.id, job);
        if (place.account !== call.account) draft.put('invoked', scopeOf(call), job.id, { owner: place.account });
        return begun;
      });
      if (jobId === job.id) jobs.begin(scopeOf(place), job);
      return { jobId, jobOwner };
    },

    DescribeSigningJob(input, call) {
      const job = find(call, input.jobId);
      const { status, statusReason, completedAtMs, revoked } = job;
      return Promise.resolve({
        ...described(job),
        requestedBy: job.requestedBy,
        status,
        ...(statusReason === undefined ? {} : { statusReason }),
        ...(completedAtMs === undefined ? {} : { completedAt: new Date(completedAtMs) }),
        ...(revoked === undefined
          ? {}
          : { revocationRecord: { reason: revoked.reason, revokedAt: new Date(revoked.atMs), revokedBy: revoked.by } }),
      });
    },

    /** Newest first. */
    ListSigningJobs(input, call) {
      const { status, platformId, requestedBy, isRevoked, jobInvoker } = input;
      const [before, after] = [input.signatureExpiresBefore?.getTime(), input.signatureExpiresAfter?.getTime()];
      const wanted = (job: Job): boolean =>
        (status === undefined || job.status === status) &&
        (platformId === undefined || job.platformId === platformId) &&
        (requestedBy === undefined || job.requestedBy === requestedBy) &&
        (isRevoked === undefined || (job.revoked !== undefined) === isRevoked) &&
        (jobInvoker === undefined || job.invoker === jobInvoker) &&
        (before === undefined || (job.expiresAtMs ?? Infinity) < before) &&
        (after === undefined || (job.expiresAtMs ?? -Infinity) > after);
      const found = records
        .list('job', scopeOf(call))
        .filter(wanted)
        .sort((a, b) => (newestFirst(a) < newestFirst(b) ? -1 : 1));
      const page = pageOf(found, {
        limit: input.maxResults ?? 25,
        token: input.nextToken,
        nameOf: newestFirst,
        invalid: badToken,
      });
      return Promise.resolve({
        jobs: page.items.map((job) => ({ ...described(job), status: job.status, isRevoked: job.revoked !== undefined })),
        ...(page.next === undefined ? {} : { nextToken: page.next }),
      });
    },

    async RevokeSignature(input, call) {
      const scope = scopeOf(placeOf(call, input.jobOwner));
      const revoked = { reason: input.reason ?? '', atMs: clock.now(), by: askerOf(call) };
      await records.change((draft) => {
        const job = draft.get('job', scope, input.jobId ?? '');
        if (job === undefined) throw noJob(input.jobId ?? '');
        if (job.status !== 'Succeeded') throw invalid(`Signing job ${job.id} has no signature; its status is ${job.status}.`);
        if (job.revoked !== undefined) throw invalid(`The signature of signing job ${job.id} is revoked already.`);
        draft.put('job', scope, job.id, { ...job, revoked });
      });
      return {};
    },

    async SignPayload(input, call) {
      const place = placeOf(call, input.profileOwner);
      const profile = profileIn(desk, place, input.profileName);
      if (input.payloadFormat !== payloadType) throw invalid(`Payload format must be ${payloadType}.`);
      const about = newJob(call, place, profile, 'Notation-OCI-SHA384-ECDSA');
      const expiresAtMs = expiryOf(profile.validity, about.createdAtMs);
      const signature = signPayload(input.payload ?? new Uint8Array(), {
        key: keyOf(desk, currentOf(profile)),
        profileVersionArn: currentOf(profile).arn,
        jobArn: about.arn,
        signedAtMs: about.createdAtMs,
        expiresAtMs,
      });
      const job: Job = { ...about, status: 'Succeeded', completedAtMs: about.createdAtMs, expiresAtMs };
      await records.change((draft) => {
        draft.put('job', scopeOf(place), job.id, job);
        if (place.account !== call.account) draft.put('invoked', scopeOf(call), job.id, { owner: place.account });
      });
      return { jobId: job.id, jobOwner: place.account, signature: Buffer.from(signature) };
    },

    GetRevocationStatus: (input) =>
      Promise.resolve({
        revokedEntities: revokedAmong(records, {
          profileVersionArn: input.profileVersionArn ?? '',
          jobArn: input.jobArn ?? '',
          signedAtMs: input.signatureTimestamp?.getTime() ?? NaN,
        }),
      }),
  };
}

const noJob = (id: string): Error => notFound(`Unable to find signing job with id: ${id}`);

const hashOf = (asked: unknown): string => createHash('sha256').update(JSON.stringify(asked)).digest('base64');

const newestFirst = ({ createdAtMs, id }: Job): string =>
  `${String(Number.MAX_SAFE_INTEGER - createdAtMs).padStart(16, '0')} ${id}`;

function described(job: Job) {
  const { object, expiresAtMs } = job;
  return {
    jobId: job.id,
    ...(object === undefined
      ? {}
      : { source: { s3: { bucketName: object.source.bucket, key: object.source.key, version: object.source.version } } }),
    ...(object === undefined || job.status !== 'Succeeded'
      ? {}
      : { signedObject: { s3: { bucketName: object.destination.bucket, key: object.destination.key } } }),
    platformId: job.platformId,
    platformDisplayName: platforms[job.platformId].displayName,
    profileName: job.profileName,
    profileVersion: job.profileVersion,
    createdAt: new Date(job.createdAtMs),
    ...(expiresAtMs === undefined ? {} : { signatureExpiresAt: new Date(expiresAtMs) }),
    jobOwner: job.arn.split(':')[4],
    jobInvoker: job.invoker,
  };
}
