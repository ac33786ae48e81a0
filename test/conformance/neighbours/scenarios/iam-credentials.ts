import type { Answer } from '../../kit/stage.ts';
import { each, type Scenario, type Scenarios, type Service } from '../kit/stage.ts';

const codecommit = 'codecommit.amazonaws.com';

/** A user with a credential of one service. */
async function holder(iam: Service, UserName: string): Promise<unknown> {
  await iam.check('create-user-response', 'CreateUser', { UserName });
  const input = { UserName, ServiceName: codecommit };
  const made = await iam.check('create-service-specific-credential-response', 'CreateServiceSpecificCredential', input);
  return (made['ServiceSpecificCredential'] as Answer)['ServiceSpecificCredentialId'];
}

const mismatch =
  (what: 'id' | 'user-name', wrong: string): Scenario =>
  async (scene) => {
    const iam = scene.service('iam');
    const user = `user-${scene.region}`;
    const id = await holder(iam, user);
    const given = {
      UserName: what === 'id' ? user : wrong,
      ServiceSpecificCredentialId: what === 'id' ? wrong : id,
    };
    await iam.check(`update-wrong-${what}`, 'UpdateServiceSpecificCredential', { ...given, Status: 'Inactive' });
    await iam.check(`reset-wrong-${what}`, 'ResetServiceSpecificCredential', given);
    await iam.check(`delete-wrong-${what}`, 'DeleteServiceSpecificCredential', given);
  };

export const iamCredentialScenarios: Scenarios = {
  'TestIAMServiceSpecificCredentials.test_create_service_specific_credential_invalid_user': async (scene) => {
    const iam = scene.service('iam');
    const create = (name: string, ServiceName: string): Promise<Answer> =>
      iam.check(name, 'CreateServiceSpecificCredential', { UserName: 'non-existent-user', ServiceName });
    await create('invalid-user-name-exception', codecommit);
    await create('invalid-user-and-service-exception', 'nonexistentservice.amazonaws.com');
  },
  'TestIAMServiceSpecificCredentials.test_list_service_specific_credential_different_service': async (scene) => {
    const iam = scene.service('iam');
    const UserName = `user-${scene.region}`;
    await holder(iam, UserName);
    const list = (name: string, ServiceName: string): Promise<Answer> =>
      iam.check(name, 'ListServiceSpecificCredentials', { UserName, ServiceName });
    await list('list-service-specific-credentials-invalid-service', 'nonexistentservice.amazonaws.com');
    await list('list-service-specific-credentials-response-wrong-service', 'cassandra.amazonaws.com');
  },
  'TestIAMServiceSpecificCredentials.test_id_match_user_mismatch': mismatch('user-name', 'wrong-user-name'),
  ...each(
    'TestIAMServiceSpecificCredentials.test_user_match_id_mismatch',
    {
      satisfiesregexbutstillinvalid: 'satisfiesregexbutstillinvalid',
      'totally-wrong-credential-id-with-hyphens': 'totally-wrong-credential-id-with-hyphens',
    },
    (wrong) => mismatch('id', wrong),
  ),
};
