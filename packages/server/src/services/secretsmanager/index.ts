import type { Clock, Logger, Random } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import { Records, repeating, type MasterKey } from '../kit/index.ts';
import { secretHandlers, type SecretHandlers } from './handlers.ts';
import { secretKeeper, type SecretKeeper } from './keeper.ts';
import type { SecretKinds } from './records.ts';
import { Vault } from './vault.ts';

export type { SecretKeeper } from './keeper.ts';

export interface SecretsManager extends AsyncDisposable {
  readonly handlers: SecretHandlers;
  /** A secret by name, ARN, or ARN without its last letters; undefined when it is not here. */
  describe(
    place: { readonly account: string; readonly region: string },
    id: string,
  ): { readonly arn: string; readonly policy?: string } | undefined;
  /** For services whose secrets can be read here. */
  readonly keeper: SecretKeeper;
  /** Deletes what has waited long enough, now instead of within the hour. */
  purge(): Promise<void>;
}

export interface SecretsOptions {
  readonly database: Database;
  readonly masterKey: MasterKey;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

const purgeEveryMs = 3_600_000;

/** Secrets Manager; values are sealed on the disk. */
export async function openSecretsManager(options: SecretsOptions): Promise<SecretsManager> {
  const records = await Records.open<SecretKinds>(options.database, 'secretsmanager');
  const vault = new Vault({ ...options, records, sealer: options.masterKey.sealer('secrets') });
  const purge = async (): Promise<void> => {
    const due = [...records.all('secret')].filter(
      ({ value }) => value.purgeAt !== undefined && value.purgeAt <= options.clock.now(),
    );
    if (due.length > 0) await records.change((draft) => due.forEach(({ scope, name }) => draft.delete('secret', scope, name)));
  };
  const timer = repeating(options.clock, purgeEveryMs, () =>
    purge().catch((error: unknown) => options.log.error('Secrets whose time has come could not be deleted.', { error })),
  );
  return {
    handlers: secretHandlers(vault),
    describe: (place, id) => vault.lookUp(place, id),
    keeper: secretKeeper(vault),
    purge,
    async [Symbol.asyncDispose]() {
      await timer[Symbol.asyncDispose]();
      await records.settled();
    },
  };
}
