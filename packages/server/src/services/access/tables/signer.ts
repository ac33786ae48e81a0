import type { SignerOperations } from '@mayfly/wire';
import { jobArn, profileArn } from '../../signer/records.ts';
import { requestTags, text, type Context, type Demand, type OperationRules, type Place, type ServiceRules } from '../demand.ts';

type Owned = { readonly profileName?: string | undefined; readonly profileOwner?: string | undefined };

/** Where the handlers look: in the account that is named, in the region of the call. */
const at = (place: Place, owner: string | undefined): Place => (owner === undefined ? place : { ...place, account: owner });
const ofProfile =
  (action: string, contextOf: (version: string | undefined) => Context = () => ({})) =>
  (input: Owned & { readonly profileVersion?: string | undefined }, place: Place): Demand => ({
    action: `signer:${action}`,
    resource: profileArn(at(place, input.profileOwner), String(input.profileName)),
    context: contextOf(input.profileVersion),
  });
const versioned = (version: string | undefined): Context => ({ 'signer:ProfileVersion': version });
const ofEverything = (action: string) => (): Demand => ({ action: `signer:${action}`, resource: '*' });
const ofTagged =
  (action: string) =>
  (input: { readonly resourceArn: string | undefined; readonly tags?: unknown }): Demand => ({
    action: `signer:${action}`,
    resource: input.resourceArn ?? '*',
    context: requestTags(input.tags),
  });

/** Which version of a profile signs now, and which one a job was signed with, by its ARN. */
export type SigningVersion = (arn: string) => string | undefined;

/** @source Service Authorization Reference, "Actions, resources, and condition keys for AWS Signer", read 2026-11 */
const signer = (versionOf: SigningVersion): OperationRules<SignerOperations> => {
  /** By the version that will sign. */
  const signs =
    (action: string) =>
    (input: Owned, place: Place): Demand => {
      const resource = profileArn(at(place, input.profileOwner), String(input.profileName));
      return { action: `signer:${action}`, resource, context: versioned(versionOf(resource)) };
    };
  return {
    PutSigningProfile: (input, place) => ({ ...ofProfile('PutSigningProfile')(input, place), context: requestTags(input.tags) }),
    GetSigningProfile: signs('GetSigningProfile'),
    CancelSigningProfile: signs('CancelSigningProfile'),
    RevokeSigningProfile: ofProfile('RevokeSigningProfile', versioned),
    AddProfilePermission: ofProfile('AddProfilePermission'),
    RemoveProfilePermission: ofProfile('RemoveProfilePermission'),
    ListProfilePermissions: ofProfile('ListProfilePermissions'),
    SignPayload: signs('SignPayload'),
    /** The object is read and written in the name of whoever asks; its name is that of a job that is not there yet. */
    StartSigningJob: (input, place) => {
      const [source, destination] = [input.source?.s3, input.destination?.s3];
      return [
        signs('StartSigningJob')(input, place),
        {
          action: 's3:GetObjectVersion',
          resource: `arn:aws:s3:::${source?.bucketName}/${source?.key}`,
          context: { 's3:VersionId': source?.version },
        },
        { action: 's3:PutObject', resource: `arn:aws:s3:::${destination?.bucketName}/${destination?.prefix ?? ''}*` },
      ];
    },
    DescribeSigningJob: (input, place) => ({
      action: 'signer:DescribeSigningJob',
      resource: jobArn(place, String(input.jobId)),
    }),
    RevokeSignature: (input, place) => {
      const resource = jobArn(at(place, input.jobOwner), String(input.jobId));
      return { action: 'signer:RevokeSignature', resource, context: versioned(versionOf(resource)) };
    },
    GetRevocationStatus: (input) => [
      { action: 'signer:GetRevocationStatus', resource: input.jobArn ?? '*' },
      { action: 'signer:GetRevocationStatus', resource: input.profileVersionArn?.replace(/\/\w{10}$/, '') ?? '*' },
    ],
    ListSigningProfiles: ofEverything('ListSigningProfiles'),
    ListSigningJobs: ofEverything('ListSigningJobs'),
    ListSigningPlatforms: ofEverything('ListSigningPlatforms'),
    GetSigningPlatform: ofEverything('GetSigningPlatform'),
    TagResource: ofTagged('TagResource'),
    UntagResource: ofTagged('UntagResource'),
    ListTagsForResource: ofTagged('ListTagsForResource'),
  };
};

export const signerRules = (versionOf: SigningVersion): ServiceRules => ({
  prefix: 'signer',
  operations: signer(versionOf),
  resource: (input, place) => {
    const name = text(input['profileName']);
    return name === undefined ? undefined : profileArn(place, name);
  },
});
