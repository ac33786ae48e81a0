import { parseXml } from '@mayfly/wire';
import type { Random } from '../../base/index.ts';
import { withoutTags, withTags, type Directory } from './directory.ts';
import { exists, invalidInput, noSuch, type IamHandlers } from './faults.ts';
import { tagList } from './pages.ts';
import type { SamlRecord } from './records.ts';

/** A hundred years: metadata that names no end is valid for long. */
const longestMs = 100 * 365.25 * 86_400_000;

/** Identity providers that speak SAML: kept and shown. Nobody is signed in by them here. */
export function samlHandlers(directory: Directory, random: Random) {
  const { records } = directory;
  const provider = (account: string, arn: string | undefined): SamlRecord => {
    const found = records.get('saml', account, arn ?? '');
    if (found === undefined) throw noSuch(`Manifest not found for arn ${arn}`);
    return found;
  };
  const edit = (account: string, arn: string | undefined, change: (found: SamlRecord) => SamlRecord): Promise<void> =>
    records.change((draft) =>
      draft.put('saml', account, arn ?? '', change(draft.get('saml', account, arn ?? '') ?? provider(account, arn))),
    );

  return {
    async CreateSAMLProvider(input, call) {
      const { Name: name = '', SAMLMetadataDocument: metadata = '' } = input;
      const arn = `arn:aws:iam::${call.account}:saml-provider/${name}`;
      const nowMs = directory.nowMs();
      const made: SamlRecord = {
        arn,
        uuid: random.uuid(),
        metadata,
        createdAt: nowMs,
        validUntil: endOf(metadata, nowMs),
        tags: withTags({}, input.Tags),
      };
      await records.change((draft) => {
        if (draft.get('saml', call.account, arn) !== undefined) throw exists(`SAMLProvider with name ${name} already exists.`);
        draft.put('saml', call.account, arn, made);
      });
      return { SAMLProviderArn: arn, ...(Object.keys(made.tags).length === 0 ? {} : { Tags: tagList(made.tags) }) };
    },
    GetSAMLProvider: async (input, call) => {
      const { uuid, metadata, createdAt, validUntil, tags } = provider(call.account, input.SAMLProviderArn);
      return {
        SAMLProviderUUID: uuid,
        SAMLMetadataDocument: metadata,
        CreateDate: new Date(createdAt),
        ValidUntil: new Date(validUntil),
        Tags: tagList(tags),
      };
    },
    ListSAMLProviders: async (_input, call) => ({
      SAMLProviderList: records.list('saml', call.account).map(({ arn, createdAt, validUntil }) => ({
        Arn: arn,
        CreateDate: new Date(createdAt),
        ValidUntil: new Date(validUntil),
      })),
    }),
    async UpdateSAMLProvider(input, call) {
      const { SAMLMetadataDocument: metadata, SAMLProviderArn: arn } = input;
      if (metadata !== undefined) {
        const validUntil = endOf(metadata, directory.nowMs());
        await edit(call.account, arn, (found) => ({ ...found, metadata, validUntil }));
      }
      return { SAMLProviderArn: provider(call.account, arn).arn };
    },
    async DeleteSAMLProvider(input, call) {
      await records.change((draft) => {
        const arn = input.SAMLProviderArn ?? '';
        if (!draft.delete('saml', call.account, arn)) throw noSuch(`Manifest not found for arn ${arn}`);
      });
      return {};
    },
    async TagSAMLProvider(input, call) {
      await edit(call.account, input.SAMLProviderArn, (found) => ({ ...found, tags: withTags(found.tags, input.Tags) }));
      return {};
    },
    async UntagSAMLProvider(input, call) {
      await edit(call.account, input.SAMLProviderArn, (found) => ({ ...found, tags: withoutTags(found.tags, input.TagKeys) }));
      return {};
    },
    ListSAMLProviderTags: async (input, call) => directory.listTags(provider(call.account, input.SAMLProviderArn).tags, input),
  } satisfies IamHandlers;
}

/** When metadata ends. @throws InvalidInput for what is none */
function endOf(metadata: string, nowMs: number): number {
  const unreadable = (): Error => invalidInput('Could not parse metadata');
  let root: ReturnType<typeof parseXml>;
  try {
    root = parseXml(Buffer.from(metadata));
  } catch {
    throw unreadable();
  }
  if (!/(^|:)EntityDescriptor$/.test(root.name) || root.attributes.get('entityID') === undefined) throw unreadable();
  const until = Date.parse(root.attributes.get('validUntil') ?? '');
  return Number.isNaN(until) ? nowMs + longestMs : until;
}
