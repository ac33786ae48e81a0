import type { AccountId, Clock } from '../base/index.ts';
import { openText, sealText, type Sealer } from '../services/index.ts';

/** @source spec 1.2, `Code.Location`: a link that works for ten minutes */
const lifetimeMs = 600_000;

/** What a link opens. */
export interface CodeLink {
  readonly account: AccountId;
  readonly codeSha256: string;
}

/** Links to archives that need no signature: whoever has one may read that archive, for a while. */
export class CodeLinks {
  readonly #sealer: Sealer;
  readonly #clock: Clock;

  constructor(sealer: Sealer, clock: Clock) {
    this.#sealer = sealer;
    this.#clock = clock;
  }

  /** The word at the end of a link. */
  issue(link: CodeLink): string {
    const text = JSON.stringify([link.account, link.codeSha256, this.#clock.now() + lifetimeMs]);
    return Buffer.from(sealText(this.#sealer, text), 'base64').toString('base64url');
  }

  /** Undefined for a word that we did not give, or that is over. */
  open(word: string): CodeLink | undefined {
    const text = openText(this.#sealer, Buffer.from(word, 'base64url').toString('base64'));
    if (text === undefined) return undefined;
    const [account, codeSha256, untilMs] = JSON.parse(text) as [AccountId, string, number];
    return untilMs > this.#clock.now() ? { account, codeSha256 } : undefined;
  }
}
