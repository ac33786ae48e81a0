import type { Clock } from '../../base/index.ts';
import { openText, sealText, type Sealer } from '../kit/index.ts';
import type { Home } from './records.ts';

/** @source Amazon ECR API Reference, GetAuthorizationToken, read 2026-11 */
const lifetimeMs = 43_200_000;

/** Passwords for `docker login` that say whose registry they open, and until when. */
export class Tokens {
  readonly #sealer: Sealer;
  readonly #clock: Clock;

  constructor(sealer: Sealer, clock: Clock) {
    this.#sealer = sealer;
    this.#clock = clock;
  }

  issue({ account, region }: Home): { readonly token: string; readonly expiresAt: number } {
    const expiresAt = Math.floor(this.#clock.now()) + lifetimeMs;
    const password = sealText(this.#sealer, JSON.stringify([account, region, expiresAt]));
    return { token: Buffer.from(`AWS:${password}`).toString('base64'), expiresAt };
  }

  /** @param header of a request: `Basic …` */
  open(header: string | undefined): Home | undefined {
    const basic = /^basic ([A-Za-z0-9+/=]{1,4096})$/i.exec(header ?? '')?.[1];
    if (basic === undefined) return undefined;
    const [user, password] = Buffer.from(basic, 'base64').toString('utf8').split(':');
    const text = user === 'AWS' && password !== undefined ? openText(this.#sealer, password) : undefined;
    if (text === undefined) return undefined;
    const [account, region, expiresAt] = JSON.parse(text) as [string, string, number];
    return expiresAt > this.#clock.now() ? { account, region } : undefined;
  }
}
