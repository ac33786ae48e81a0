import type { Configuration, VersionRecord } from '../functions/record.ts';
import type { Scope } from '../names.ts';
import type { Kind, Kinds } from './kinds.ts';
import type { MasterKey, Sealed } from './master-key.ts';

/** A configuration as it is on disk: no environment variable in clear. */
type StoredConfiguration = Omit<Configuration, 'environment'> & { readonly sealedEnvironment?: Sealed };

/** Documents to text and back; seals what must not be read from the file. */
export class Codec {
  readonly #key: MasterKey;

  constructor(key: MasterKey) {
    this.#key = key;
  }

  write(kind: Kind, document: Kinds[Kind], at: Scope & { readonly name: string; readonly part: string }): string {
    if (kind !== 'version') return JSON.stringify(document);
    const version = document as VersionRecord;
    const seal = ({ environment, ...rest }: Configuration): StoredConfiguration =>
      environment === undefined ? rest : { ...rest, sealedEnvironment: this.#key.seal(JSON.stringify(environment), context(at)) };
    return JSON.stringify({
      ...version,
      configuration: seal(version.configuration),
      ...(version.serving === undefined
        ? {}
        : { serving: { ...version.serving, configuration: seal(version.serving.configuration) } }),
    });
  }

  read<K extends Kind>(kind: K, text: string, at: Scope & { readonly name: string; readonly part: string }): Kinds[K] {
    const document = JSON.parse(text) as Kinds[K];
    if (kind !== 'version') return document;
    const version = document as VersionRecord;
    const unseal = (stored: StoredConfiguration): Configuration => {
      const { sealedEnvironment, ...rest } = stored;
      if (sealedEnvironment === undefined) return rest;
      return { ...rest, environment: JSON.parse(this.#key.unseal(sealedEnvironment, context(at))) as Record<string, string> };
    };
    return {
      ...version,
      configuration: unseal(version.configuration),
      ...(version.serving === undefined
        ? {}
        : { serving: { ...version.serving, configuration: unseal(version.serving.configuration) } }),
    } as Kinds[K];
  }
}

const context = (at: Scope & { readonly name: string; readonly part: string }): string =>
  `${at.account}/${at.region}/${at.name}/${at.part}`;
