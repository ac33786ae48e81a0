import type { Handlers, SignerOperations } from '@mayfly/wire';
import { pageOf, scopeOf } from '../kit/index.ts';
import { invalid, notFound } from './faults.ts';
import { askerOf, noProfile, placeOf, profileIn, type SignerDesk } from './desk.ts';
import { isPlatform, isValidity, longest, platforms } from './platforms.ts';
import { currentOf, profileArn, statusOf, type Place, type Profile, type ProfileVersion, type Validity } from './records.ts';

type Input = SignerOperations['PutSigningProfile']['input'];

/** Keys and certificates that one name may have had. Ours. */
const mostVersions = 100;

export function profileHandlers(
  desk: SignerDesk,
): Pick<
  Handlers<SignerOperations>,
  | 'PutSigningProfile'
  | 'GetSigningProfile'
  | 'ListSigningProfiles'
  | 'CancelSigningProfile'
  | 'RevokeSigningProfile'
  | 'ListSigningPlatforms'
  | 'GetSigningPlatform'
> {
  const { records, clock } = desk;
  return {
    /** Again for a profile that was not canceled: a version more, with a key of its own. */
    async PutSigningProfile(input, call) {
      const name = input.profileName ?? '';
      const { platformId, validity } = checked(input);
      const version = await newVersion(desk, call, name);
      await records.change((draft) => {
        const before = draft.get('profile', scopeOf(call), name);
        if (before?.isCanceled === true)
          throw invalid(`Profile with name ${name} already exists with status Canceled. Use another name.`);
        if (before !== undefined && before.platformId !== platformId)
          throw invalid(`Profile with name ${name} already exists with platform ${before.platformId}.`);
        if ((before?.versions.length ?? 0) >= mostVersions) throw invalid(`Profile ${name} has ${mostVersions} versions.`);
        const next: Profile = {
          ...(before ?? { name, arn: profileArn(call, name), platformId, isCanceled: false, permissions: [] }),
          validity,
          ...(input.signingParameters === undefined ? {} : { parameters: input.signingParameters }),
          tags: { ...before?.tags, ...input.tags },
          versions: before === undefined ? [version] : [...before.versions, version],
        };
        draft.put('profile', scopeOf(call), name, next);
      });
      return { arn: profileArn(call, name), profileVersion: version.version, profileVersionArn: version.arn };
    },

    GetSigningProfile(input, call) {
      const profile = profileIn(desk, placeOf(call, input.profileOwner), input.profileName);
      const { revoked } = currentOf(profile);
      return Promise.resolve({
        ...described(profile),
        ...(revoked === undefined
          ? {}
          : {
              statusReason: revoked.reason,
              revocationRecord: {
                revocationEffectiveFrom: new Date(revoked.effectiveAtMs),
                revokedAt: new Date(revoked.atMs),
                revokedBy: revoked.by,
              },
            }),
      });
    },

    ListSigningProfiles(input, call) {
      const wanted = input.statuses ?? (input.includeCanceled === true ? undefined : ['Active', 'Revoked']);
      const all = records
        .list('profile', scopeOf(call))
        .filter((profile) => wanted === undefined || wanted.length === 0 || wanted.includes(statusOf(profile)))
        .filter(({ platformId }) => input.platformId === undefined || platformId === input.platformId);
      const page = pageOf(all, {
        limit: input.maxResults ?? 25,
        token: input.nextToken,
        nameOf: ({ name }) => name,
        invalid: badToken,
      });
      return Promise.resolve({
        profiles: page.items.map(described),
        ...(page.next === undefined ? {} : { nextToken: page.next }),
      });
    },

    /** What it signed stays trusted; it signs no more, and its name is used up. */
    async CancelSigningProfile(input, call) {
      await records.change((draft) => {
        const profile = draft.get('profile', scopeOf(call), input.profileName ?? '');
        if (profile === undefined) throw noProfile(input.profileName ?? '');
        draft.put('profile', scopeOf(call), profile.name, { ...profile, isCanceled: true });
      });
      return {};
    },

    /** Whatever the version signed after a moment is trusted no more, and the version signs nothing more. */
    async RevokeSigningProfile(input, call) {
      const effectiveAtMs = input.effectiveTime?.getTime() ?? clock.now();
      const revoked = { reason: input.reason ?? '', atMs: clock.now(), by: askerOf(call), effectiveAtMs };
      await records.change((draft) => {
        const profile = draft.get('profile', scopeOf(call), input.profileName ?? '');
        if (profile === undefined) throw noProfile(input.profileName ?? '');
        const index = profile.versions.findIndex(({ version }) => version === input.profileVersion);
        const version = profile.versions[index];
        if (version === undefined)
          throw notFound(`Unable to find version ${input.profileVersion} of signing profile with name: ${profile.name}`);
        // A moment can move to an earlier one: what was distrusted stays so.
        const before = version.revoked;
        if (before !== undefined && before.effectiveAtMs <= effectiveAtMs)
          throw invalid(`Version ${version.version} of profile ${profile.name} is revoked already.`);
        const versions = profile.versions.with(index, { ...version, revoked }) as unknown as Profile['versions'];
        draft.put('profile', scopeOf(call), profile.name, { ...profile, versions });
      });
      return {};
    },

    ListSigningPlatforms(input) {
      const all = Object.values(platforms)
        .filter(({ category }) => input.category === undefined || category === input.category)
        .filter(({ partner }) => input.partner === undefined || partner === input.partner)
        .filter(({ target }) => input.target === undefined || target === input.target);
      const page = pageOf(all, {
        limit: input.maxResults ?? 25,
        token: input.nextToken,
        nameOf: ({ platformId = '' }) => platformId,
        invalid: badToken,
      });
      return Promise.resolve({ platforms: [...page.items], ...(page.next === undefined ? {} : { nextToken: page.next }) });
    },

    GetSigningPlatform(input) {
      const id = input.platformId ?? '';
      if (!isPlatform(id)) throw noPlatform(id);
      return Promise.resolve(platforms[id]);
    },
  };
}

export const badToken = (): Error => invalid('Invalid next token.');
const noPlatform = (id: string): Error => notFound(`Unable to find target platform: ${id}`);

function checked(input: Input): { readonly platformId: Profile['platformId']; readonly validity: Validity } {
  const platformId = input.platformId ?? '';
  if (!isPlatform(platformId)) throw noPlatform(platformId);
  if (input.signingMaterial !== undefined) throw invalid(`Signing material is not supported for platform ${platformId}.`);
  if (input.overrides !== undefined) throw invalid(`Overrides are not supported for platform ${platformId}.`);
  const { value = longest.value, type = 'MONTHS' } = input.signatureValidityPeriod ?? {};
  const validity = { value, type };
  if (!isValidity(validity)) throw invalid(`The signature validity period must be between 1 day and ${longest.value} months.`);
  return { platformId, validity };
}

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

async function newVersion({ authority, sealer, random }: SignerDesk, place: Place, name: string): Promise<ProfileVersion> {
  const version = Array.from(random.bytes(10), (byte) => letters[byte % letters.length]).join('');
  const arn = `${profileArn(place, name)}/${version}`;
  const { privateKey, certificate } = await authority.issue({ name, uri: arn });
  const sealed = sealer.seal(privateKey.export({ format: 'der', type: 'pkcs8' }));
  return { version, arn, sealedKey: Buffer.from(sealed).toString('base64'), certificate: certificate.toString('base64') };
}

function described(profile: Profile) {
  const { version, arn } = currentOf(profile);
  const { platformId } = profile;
  return {
    profileName: profile.name,
    profileVersion: version,
    profileVersionArn: arn,
    platformId,
    platformDisplayName: platforms[platformId].displayName,
    signatureValidityPeriod: profile.validity,
    ...(profile.parameters === undefined ? {} : { signingParameters: { ...profile.parameters } }),
    status: statusOf(profile),
    arn: profile.arn,
    tags: { ...profile.tags },
  };
}
