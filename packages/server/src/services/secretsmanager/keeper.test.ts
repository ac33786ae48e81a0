import { suite, test, type TestContext } from 'node:test';
import * as sdk from '@aws-sdk/client-secrets-manager';
import { openStreet } from '../../../../../test/kit/street.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { silentLogger, systemClock, systemRandom } from '../../base/index.ts';
import { MasterKey } from '../kit/index.ts';
import { openSecretsManager } from './index.ts';

suite('secrets that other services keep', { timeout: 60_000 }, () => {
  test('are read by their ARN, renewed in place, and gone when they are forgotten', async (t: TestContext) => {
    await using database = new PlainDatabase();
    const masterKey = new MasterKey(new Uint8Array(32).fill(2), systemRandom);
    await using service = await openSecretsManager({
      database,
      masterKey,
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
    });
    await using street = await openStreet({ secretsmanager: service.handlers });
    const secrets = new sdk.SecretsManager(street.client);
    t.after(() => secrets.destroy());
    const place = { account: '000000000000', region: 'us-east-1' };
    const name = 'events!connection/c/1';
    const SecretId = await service.keeper.keep(place, name, 'one');
    t.assert.equal((await secrets.getSecretValue({ SecretId })).SecretString, 'one');
    t.assert.equal(await service.keeper.keep(place, name, 'two'), SecretId);
    t.assert.equal((await secrets.getSecretValue({ SecretId })).SecretString, 'two');
    t.assert.equal((await secrets.describeSecret({ SecretId })).OwningService, 'events');
    await service.keeper.forget(place, SecretId);
    await service.keeper.forget(place, SecretId);
    await t.assert.rejects(secrets.getSecretValue({ SecretId }), { name: 'ResourceNotFoundException' });
  });
});
