import { readCredentialScope, ServiceFault, type RequestHead } from '@mayfly/wire';
import type { Authoriser } from '../authoriser.ts';
import { openCaller, strictCaller, type CallerSource, type Identified, type SignatureCheck } from '../caller.ts';

export interface CallersOptions {
  readonly signatures?: SignatureCheck;
  readonly callers?: CallerSource;
  /** Absent = everybody may call. */
  readonly authoriser?: Pick<Authoriser, 'mayCallApi'>;
}

/** Why a signed request goes no further. */
export type Unsigned = 'missing' | 'wrong' | 'denied';

/** Who calls a route that wants signatures. */
export class Callers {
  readonly #options: CallersOptions;

  constructor(options: CallersOptions) {
    this.#options = options;
  }

  /** Where signatures are checked, a body has to be hashed. */
  get hashes(): boolean {
    return this.#options.signatures !== undefined;
  }

  /** @param arn  `arn:aws:execute-api:us-east-1:000000000000:a1b2c3d4e5/prod/GET/pets/1` */
  async identify(
    head: RequestHead,
    by: {
      readonly sha256: string;
      readonly region: string;
      readonly account: string;
      readonly arn: string;
      readonly sourceIp: string;
    },
  ): Promise<Identified | Unsigned> {
    if (readCredentialScope(head) === undefined) return 'missing';
    const { signatures, callers, authoriser } = this.#options;
    if (signatures === undefined) return openCaller(head, by.region, callers);
    let who: Identified;
    try {
      who = await strictCaller(head, by.sha256, by.region, signatures, { signingName: 'execute-api' });
    } catch (error) {
      if (error instanceof ServiceFault) return 'wrong';
      throw error;
    }
    const { caller, account } = who;
    const asked = { caller, account, region: by.region, headers: head.headers, sourceIp: by.sourceIp };
    if (authoriser === undefined ? account !== by.account : !authoriser.mayCallApi(by.arn, asked)) return 'denied';
    return who;
  }
}
