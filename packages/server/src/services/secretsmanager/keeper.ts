import { scopeOf } from '../kit/index.ts';
import type { Place, Vault } from './vault.ts';

/** Secrets that another service keeps here under its own name: `events!connection/…`. */
export interface SecretKeeper {
  /** Makes the secret, or its next version. @returns its ARN */
  keep(place: Place, name: string, text: string): Promise<string>;
  /** One that is gone already is no error. */
  forget(place: Place, arn: string): Promise<void>;
}

export const secretKeeper = (vault: Vault): SecretKeeper => ({
  keep: (place, name, text) =>
    vault.records.change((draft) => {
      const known = draft.get('secret', scopeOf(place), name) ?? {
        ...vault.bare(place, name),
        owner: name.split('!')[0] ?? '',
      };
      draft.put('secret', scopeOf(place), name, vault.withVersion(known, vault.random.uuid(), { SecretString: text }));
      return known.arn;
    }),
  forget: (place, arn) =>
    vault.records.change((draft) => {
      const known = vault.lookUp(place, arn);
      if (known !== undefined) draft.delete('secret', scopeOf(place), known.name);
    }),
});
