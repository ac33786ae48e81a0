import type { Call, Handlers, SnsOperations } from '@mayfly/wire';
import { pageOf } from '../kit/pages.ts';
import { checkArn, invalidParameter } from './faults.ts';
import {
  applicationNotFound,
  applicationOf,
  checkApplicationAttributes,
  checkApplicationName,
  checkCredentials,
  checkEndpointAttributes,
  checkPlatform,
  endpointNotFound,
  withoutCredentials,
  type EndpointRecord,
  type PlatformApplicationRecord,
} from './platform.ts';
import type { Sns } from './sns.ts';
import { invalidToken, texts } from './topic-handlers.ts';

type Names =
  | 'CreatePlatformApplication'
  | 'DeletePlatformApplication'
  | 'GetPlatformApplicationAttributes'
  | 'SetPlatformApplicationAttributes'
  | 'ListPlatformApplications'
  | 'CreatePlatformEndpoint'
  | 'DeleteEndpoint'
  | 'GetEndpointAttributes'
  | 'SetEndpointAttributes'
  | 'ListEndpointsByPlatformApplication';

const pageSize = 100;

/** Apps of push services and the endpoints they know. They can be kept and listed; nothing is pushed. */
export function platformHandlers(sns: Sns): Pick<Handlers<SnsOperations>, Names> {
  const { records } = sns;
  const place = (arn: string): { scope: string; name: string } => {
    const [, , , region, account, resource = ''] = arn.split(':');
    return { scope: `${account}/${region}`, name: resource.replace(/^app\//, '') };
  };
  const applicationArnOf = (arn: string | undefined): string => checkArn(arn, 'PlatformApplicationArn');
  /** @throws NotFound */
  const application = (given: string | undefined): PlatformApplicationRecord => {
    const arn = applicationArnOf(given);
    const record = sns.application(arn);
    if (record === undefined) throw applicationNotFound();
    return record;
  };
  /** @throws NotFound */
  const endpoint = (given: string | undefined): EndpointRecord => {
    const record = sns.endpoint(checkArn(given, 'EndpointArn'));
    if (record === undefined) throw endpointNotFound();
    return record;
  };

  return {
    async CreatePlatformApplication(input, call: Call) {
      const { Name = '', Platform: platform = '' } = input;
      checkApplicationName(Name);
      checkPlatform(platform);
      const attributes = texts(input.Attributes);
      checkApplicationAttributes(platform, attributes);
      checkCredentials(platform, attributes);
      const name = `${platform}/${Name}`;
      const arn = `arn:aws:sns:${call.region}:${call.account}:app/${name}`;
      const shown = { Enabled: 'true', ...withoutCredentials(attributes) };
      await records.change((draft) => draft.put('application', place(arn).scope, name, { arn, name, attributes: shown }));
      sns.log.warn('Nothing is pushed to the endpoints of this application: there are no push services here.', {
        application: arn,
      });
      return { PlatformApplicationArn: arn };
    },

    async DeletePlatformApplication(input) {
      const arn = applicationArnOf(input.PlatformApplicationArn);
      await records.change((draft) => {
        draft.delete('application', place(arn).scope, place(arn).name);
        for (const { id } of draft.list('endpoint', arn)) draft.delete('endpoint', arn, id);
      });
      return {};
    },

    async GetPlatformApplicationAttributes(input) {
      return { Attributes: application(input.PlatformApplicationArn).attributes };
    },

    async SetPlatformApplicationAttributes(input) {
      const { arn, name } = application(input.PlatformApplicationArn);
      const attributes = texts(input.Attributes);
      checkApplicationAttributes(name.split('/')[0] ?? '', attributes);
      await records.change((draft) => {
        const record = draft.get('application', place(arn).scope, name);
        if (record === undefined) throw applicationNotFound();
        const next = { ...record.attributes, ...withoutCredentials(attributes) };
        draft.put('application', place(arn).scope, name, { ...record, attributes: next });
      });
      return {};
    },

    async ListPlatformApplications(input, call) {
      const page = pageOf(records.list('application', `${call.account}/${call.region}`), {
        limit: pageSize,
        token: input.NextToken,
        nameOf: ({ name }) => name,
        invalid: invalidToken,
      });
      return {
        PlatformApplications: page.items.map(({ arn, attributes }) => ({ PlatformApplicationArn: arn, Attributes: attributes })),
        ...(page.next === undefined ? {} : { NextToken: page.next }),
      };
    },

    async CreatePlatformEndpoint(input) {
      const { arn: applicationArn } = application(input.PlatformApplicationArn);
      const token = input.Token ?? '';
      if (token === '') throw invalidParameter('Token Reason: cannot be empty');
      const userData = input.CustomUserData === undefined ? {} : { CustomUserData: input.CustomUserData };
      const given = { ...userData, ...texts(input.Attributes) };
      checkEndpointAttributes(given);
      const attributes: Record<string, string> = { Enabled: 'true', Token: token, ...given };
      const id = sns.random.uuid();
      return records.change((draft) => {
        const same = draft.list('endpoint', applicationArn).find((each) => each.attributes['Token'] === attributes['Token']);
        if (same !== undefined) {
          if (!areSame(same.attributes, attributes)) {
            throw invalidParameter(
              `Token Reason: Endpoint ${same.arn} already exists with the same Token, but different attributes.`,
            );
          }
          return { EndpointArn: same.arn };
        }
        const arn = `${applicationArn.replace(':app/', ':endpoint/')}/${id}`;
        draft.put('endpoint', applicationArn, id, { id, arn, applicationArn, attributes });
        return { EndpointArn: arn };
      });
    },

    async DeleteEndpoint(input) {
      const arn = checkArn(input.EndpointArn, 'EndpointArn');
      // Its subscriptions stay, as recorded.
      await records.change((draft) => draft.delete('endpoint', applicationOf(arn), arn.slice(arn.lastIndexOf('/') + 1)));
      return {};
    },

    async GetEndpointAttributes(input) {
      return { Attributes: endpoint(input.EndpointArn).attributes };
    },

    async SetEndpointAttributes(input) {
      const { id, applicationArn } = endpoint(input.EndpointArn);
      const attributes = texts(input.Attributes);
      checkEndpointAttributes(attributes);
      await records.change((draft) => {
        const record = draft.get('endpoint', applicationArn, id);
        if (record === undefined) throw endpointNotFound();
        draft.put('endpoint', applicationArn, id, { ...record, attributes: { ...record.attributes, ...attributes } });
      });
      return {};
    },

    async ListEndpointsByPlatformApplication(input) {
      const { arn } = application(input.PlatformApplicationArn);
      const page = pageOf(records.list('endpoint', arn), {
        limit: pageSize,
        token: input.NextToken,
        nameOf: ({ id }) => id,
        invalid: invalidToken,
      });
      return {
        Endpoints: page.items.map((each) => ({ EndpointArn: each.arn, Attributes: each.attributes })),
        ...(page.next === undefined ? {} : { NextToken: page.next }),
      };
    },
  };
}

const areSame = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([name, value]) => b[name] === value);
