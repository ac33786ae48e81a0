import { ServiceFault } from '@mayfly/wire';
import type { Clock, Random } from '../../base/index.ts';
import { openText, scopeOf, sealText, type RecordDraft, type Sealer } from '../kit/index.ts';
import type { SecretKinds, SecretRecord, SecretRecords, SecretVersion } from './records.ts';
import { current, withStages } from './stages.ts';

export interface Place {
  readonly account: string;
  readonly region: string;
}
export interface Value {
  readonly SecretString?: string | undefined;
  readonly SecretBinary?: Uint8Array | undefined;
}

const fault = (code: string, message: string): ServiceFault => new ServiceFault(code, message, { status: 400 });
export const notFound = (message = "Secrets Manager can't find the specified secret."): ServiceFault =>
  fault('ResourceNotFoundException', message);
export const exists = (message: string): ServiceFault => fault('ResourceExistsException', message);
export const badRequest = (message: string): ServiceFault => fault('InvalidRequestException', message);
export const badParameter = (message: string): ServiceFault => fault('InvalidParameterException', message);

/** Characters of a value. */
const mostBytes = 65_536;

const suffixLetters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Secrets by name or ARN, their values sealed. */
export class Vault {
  readonly records: SecretRecords;
  readonly random: Random;
  readonly #sealer: Sealer;
  readonly #clock: Clock;

  constructor(options: {
    readonly records: SecretRecords;
    readonly sealer: Sealer;
    readonly clock: Clock;
    readonly random: Random;
  }) {
    this.records = options.records;
    this.random = options.random;
    this.#sealer = options.sealer;
    this.#clock = options.clock;
  }

  /** Also one that is to be deleted. */
  lookUp(place: Place, id: string): SecretRecord | undefined {
    return lookUp(this.records, scopeOf(place), id);
  }

  /** A secret of this name that nothing is known of yet. */
  bare(place: Place, name: string): SecretRecord {
    const suffix = [...this.random.bytes(6)].map((byte) => suffixLetters[byte % suffixLetters.length]).join('');
    const now = this.nowMs();
    return {
      name,
      arn: `arn:aws:secretsmanager:${place.region}:${place.account}:secret:${name}-${suffix}`,
      tags: {},
      createdAt: now,
      changedAt: now,
      versions: [],
    };
  }

  nowMs(): number {
    return Math.floor(this.#clock.now());
  }

  /**
   * By name, whole ARN, or ARN without its six letters at the end.
   *
   * @throws ResourceNotFoundException, InvalidRequestException for one that is to be deleted
   */
  find(
    records: Pick<RecordDraft<SecretKinds>, 'get' | 'list'>,
    place: Place,
    id: string | undefined,
    options: { readonly deleted?: boolean } = {},
  ): SecretRecord {
    const secret = lookUp(records, scopeOf(place), id ?? '');
    if (secret === undefined) throw notFound();
    if (secret.deletedAt !== undefined && options.deleted !== true) {
      throw badRequest("You can't perform this operation on the secret because it was marked for deletion.");
    }
    return secret;
  }

  /** @throws what `find` and `edit` throw */
  async edit(
    place: Place,
    id: string | undefined,
    edit: (secret: SecretRecord) => SecretRecord,
    options: { readonly deleted?: boolean } = {},
  ): Promise<SecretRecord> {
    return this.records.change((draft) => {
      const secret = this.find(draft, place, id, options);
      const edited = edit(secret);
      draft.put('secret', scopeOf(place), secret.name, edited);
      return edited;
    });
  }

  /**
   * The secret with another version. The same version twice is one; other content under its id is refused.
   *
   * @throws ResourceExistsException
   */
  withVersion(secret: SecretRecord, id: string, value: Value, stages: readonly string[] = [current]): SecretRecord {
    const text = contentOf(value);
    const known = secret.versions.find((version) => version.id === id);
    if (known !== undefined) {
      if (openText(this.#sealer, known.sealed) === text) return secret;
      throw exists(
        "You can't use the token for a different value: a version with this id already exists. You can only create a new version.",
      );
    }
    const version: SecretVersion = { id, sealed: sealText(this.#sealer, text), stages: [], createdAt: this.nowMs() };
    // The first version is the current one, whatever else it is.
    const wanted = secret.versions.length === 0 ? [...new Set([...stages, current])] : stages;
    return { ...secret, versions: withStages([...secret.versions, version], id, wanted), changedAt: this.nowMs() };
  }

  /** @throws ResourceNotFoundException when no version fits */
  read(
    secret: SecretRecord,
    which: { readonly id?: string | undefined; readonly stage?: string | undefined },
  ): { version: SecretVersion; value: Value } {
    const stage = which.stage ?? (which.id === undefined ? current : undefined);
    const version = secret.versions.find(
      (each) => (which.id === undefined || each.id === which.id) && (stage === undefined || each.stages.includes(stage)),
    );
    if (version === undefined) {
      throw notFound(
        which.id === undefined
          ? `Secrets Manager can't find the specified secret value for staging label: ${stage}`
          : `Secrets Manager can't find the specified secret value for VersionId: ${which.id}`,
      );
    }
    const text = openText(this.#sealer, version.sealed);
    if (text === undefined) {
      throw Object.assign(
        new Error(
          `Secret ${secret.name} was sealed with another master key. Bring back the key file the data folder was made with.`,
        ),
        {
          code: 'MASTER_KEY_CHANGED',
        },
      );
    }
    const content = JSON.parse(text) as { string?: string; binary?: string };
    return {
      version,
      value:
        content.string === undefined
          ? { SecretBinary: Buffer.from(content.binary ?? '', 'base64') }
          : { SecretString: content.string },
    };
  }
}

function lookUp(records: Pick<RecordDraft<SecretKinds>, 'get' | 'list'>, scope: string, id: string): SecretRecord | undefined {
  const named = /^arn:[\w-]+:secretsmanager:[\w-]*:\d*:secret:(.+)$/.exec(id)?.[1];
  if (named === undefined) return records.get('secret', scope, id);
  const byArn = records.get('secret', scope, named.replace(/-[A-Za-z0-9]{6}$/, ''));
  return byArn?.arn === id ? byArn : records.get('secret', scope, named);
}

/** @throws InvalidParameterException for both kinds at once, none, or too much */
function contentOf({ SecretString: text, SecretBinary: bytes }: Value): string {
  if (text !== undefined && bytes !== undefined)
    throw badParameter("You can't specify both a binary secret value and a string secret value in the same secret.");
  if (text === undefined && bytes === undefined) throw badParameter('You must provide either SecretString or SecretBinary.');
  if ((bytes?.byteLength ?? Buffer.byteLength(text ?? '')) > mostBytes)
    throw badParameter(`A secret value can have at most ${mostBytes} bytes.`);
  return JSON.stringify(bytes === undefined ? { string: text } : { binary: Buffer.from(bytes).toString('base64') });
}
