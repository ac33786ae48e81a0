import type { Clock, Random } from '../../base/index.ts';
import { accessKeyId, type Sealer } from '../kit/index.ts';

/** Credentials that end by themselves. */
export interface TemporaryCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAtMs: number;
}

/** Who holds them. */
export interface Principal {
  readonly account: string;
  readonly arn: string;
  readonly userId: string;
}

/** What a session token says, once it is known to be ours. */
export interface Session extends Principal {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly expiresAtMs: number;
  /** The role assumed. */
  readonly roleArn?: string;
  /** Policies of the session, which can only take away. */
  readonly policies?: readonly string[];
  readonly policyArns?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  /** Keys of tags that go on into the sessions this one makes. */
  readonly transitiveTags?: readonly string[];
  /** Condition keys of everything that is done with them: `lambda:SourceFunctionArn`. @source spec 1.16-02 */
  readonly context?: Readonly<Record<string, string>>;
}

/** Sessions opened lately; one a running environment is plenty. */
const kept = 10_000;
/** Longer than any token we make, shorter than what would be work to open. */
const longestToken = 16_384;

/**
 * Session tokens that carry their credentials, sealed: nothing is stored, they hold across a restart, and
 * every server with the same master key knows them.
 */
export class Sessions {
  readonly #sealer: Sealer;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #opened = new Map<string, Session>();

  constructor(options: { readonly sealer: Sealer; readonly clock: Clock; readonly random: Random }) {
    this.#sealer = options.sealer;
    this.#clock = options.clock;
    this.#random = options.random;
  }

  issue(who: Omit<Session, 'accessKeyId' | 'secretAccessKey' | 'expiresAtMs'>, lifetimeMs: number): TemporaryCredentials {
    const credentials = {
      accessKeyId: accessKeyId('ASIA', who.account, this.#random),
      secretAccessKey: newSecret(this.#random),
      // Whole seconds, as they are told.
      expiresAtMs: Math.floor((this.#clock.now() + lifetimeMs) / 1000) * 1000,
    };
    const session: Session = { ...who, ...credentials };
    return {
      ...credentials,
      sessionToken: Buffer.from(this.#sealer.seal(Buffer.from(JSON.stringify(session)))).toString('base64'),
    };
  }

  /** The session a token stands for; undefined for tokens of others. Whether it has ended is for the caller to see. */
  open(token: string): Session | undefined {
    const known = this.#opened.get(token);
    if (known !== undefined || token.length > longestToken) return known;
    const plain = this.#sealer.open(Buffer.from(token, 'base64'));
    if (plain === undefined) return undefined;
    const session = JSON.parse(Buffer.from(plain).toString('utf8')) as Session;
    this.#opened.set(token, session);
    if (this.#opened.size > kept) this.#opened.delete(this.#opened.keys().next().value ?? '');
    return session;
  }
}

/** Forty characters. */
export const newSecret = (random: Random): string => Buffer.from(random.bytes(30)).toString('base64');
