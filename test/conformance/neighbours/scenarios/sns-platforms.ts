import type { Answer } from '../../kit/stage.ts';
import type { Scenario, Scenarios, Scene, Service } from '../kit/stage.ts';
import { each } from '../kit/stage.ts';
import { topicOf } from './sns-kit.ts';

const credentials = { PlatformPrincipal: 'dummy', PlatformCredential: 'dummy' };

const created =
  (name: string, input: object): Scenario =>
  async (scene) =>
    void (await scene
      .service('sns')
      .check(name, 'CreatePlatformApplication', { Name: 'application', Platform: 'APNS', Attributes: credentials, ...input }));

const nowhere = (scene: Scene): string => scene.arn('sns', 'app/ADM/none');

/** An app that knows one device. */
async function device(sns: Service): Promise<{ PlatformApplicationArn: string; EndpointArn: string }> {
  const { PlatformApplicationArn } = await sns.ok('CreatePlatformApplication', {
    Name: 'application',
    Platform: 'ADM',
    Attributes: credentials,
  });
  const { EndpointArn } = await sns.ok('CreatePlatformEndpoint', { PlatformApplicationArn, Token: 'token' });
  return { PlatformApplicationArn: String(PlatformApplicationArn), EndpointArn: String(EndpointArn) };
}

const idempotent: Scenario = async (scene) => {
  const sns = scene.service('sns');
  const { PlatformApplicationArn } = await device(sns);
  const create = (name: string, Attributes: object): Promise<Answer> =>
    sns.check(name, 'CreatePlatformEndpoint', { PlatformApplicationArn, Token: 'another token', Attributes });
  await create('create-platform-endpoint', { CustomUserData: 'data' });
  await create('create-platform-endpoint-idempotent', { CustomUserData: 'data' });
  await create('create-platform-endpoint-different-token', { CustomUserData: 'other data' });
};

const deletedWithSubscription: Scenario = async (scene) => {
  const sns = scene.service('sns');
  const { EndpointArn } = await device(sns);
  await sns.ok('Subscribe', { TopicArn: await topicOf(sns, 'topic'), Protocol: 'application', Endpoint: EndpointArn });
  // Where it was recorded there were pages of other subscriptions.
  const list = async (name: string): Promise<void> =>
    scene.match(name, { ...(await sns.ok('ListSubscriptions')), NextToken: `${name}, more` });
  await list('list-subscriptions-pre-delete');
  await sns.check('delete-endpoint', 'DeleteEndpoint', { EndpointArn });
  await list('list-subscriptions-post-delete');
};

export const snsPlatformScenarios: Scenarios = {
  ...each(
    'TestSNSPlatformApplicationCrud.test_create_platform_application_invalid_attributes',
    { 'no-args': {}, 'missing-principal': { PlatformCredential: 'dummy' } },
    (Attributes) => created('platform-application-no-attributes', { Attributes }),
  ),
  ...each(
    'TestSNSPlatformApplicationCrud.test_create_platform_application_invalid_name',
    { 'too-long': 'a'.repeat(257) },
    (Name) => created('invalid-application-name', { Name }),
  ),
  'TestSNSPlatformApplicationCrud.test_create_platform_application_invalid_platform': created('invalid-platform', {
    Platform: 'AAA',
  }),
  'TestSNSPlatformApplicationCrud.test_get_platform_application_attributes_invalid_arn': async (scene) => {
    const input = { PlatformApplicationArn: 'invalid' };
    await scene.service('sns').check('invalid-application-arn', 'GetPlatformApplicationAttributes', input);
  },
  'TestSNSPlatformApplicationCrud.test_set_platform_application_attributes_invalid_arn': async (scene) => {
    const input = { PlatformApplicationArn: 'invalid', Attributes: credentials };
    await scene.service('sns').check('invalid-application-arn', 'SetPlatformApplicationAttributes', input);
  },
  ...each(
    'TestSNSPlatformApplicationCrud.test_set_platform_application_attributes_non_existing_app',
    { 'no-args': {}, 'missing-credential': { PlatformPrincipal: 'dummy' }, 'dummy-args': { Dummy: 'dummy' } },
    (Attributes) => async (scene) => {
      const input = { PlatformApplicationArn: nowhere(scene), Attributes };
      await scene.service('sns').check('non_existing-application-arn', 'SetPlatformApplicationAttributes', input);
    },
  ),
  'TestSNSPlatformEndpointCrud.test_create_platform_endpoint_idempotency': idempotent,
  ...each(
    'TestSNSPlatformEndpointCrud.test_create_platform_endpoint_with_invalid_attributes',
    { Invalid_Name_Generic: { InvalidKey: 'x' } },
    (Attributes) => async (scene) => {
      const sns = scene.service('sns');
      const { PlatformApplicationArn } = await device(sns);
      const input = { PlatformApplicationArn, Token: 'other', Attributes };
      await sns.check('create-platform-endpoint-invalid-attr', 'CreatePlatformEndpoint', input);
    },
  ),
  ...each(
    'TestSNSPlatformEndpointCrud.test_set_platform_endpoint_attributes_invalid_attributes',
    { Invalid_Name_Generic: { InvalidKey: 'x' }, Invalid_Name_Principal: { PlatformPrincipal: 'x' } },
    (Attributes) => async (scene) => {
      const sns = scene.service('sns');
      const { EndpointArn } = await device(sns);
      await sns.check('set-platform-endpoint-invalid-attributes', 'SetEndpointAttributes', { EndpointArn, Attributes });
    },
  ),
  'TestSNSPlatformEndpointCrud.test_get_platform_endpoint_attributes_non_existent_endpoint': async (scene) => {
    const input = { EndpointArn: scene.arn('sns', 'endpoint/ADM/none/12345678-1234-1234-1234-123456789012') };
    await scene.service('sns').check('set-platform-endpoint-attributes-non-existent-app', 'GetEndpointAttributes', input);
  },
  'TestSNSPlatformEndpointCrud.test_delete_platform_endpoint_with_subscription': deletedWithSubscription,
};
