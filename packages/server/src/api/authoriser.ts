import type { Call } from '@mayfly/wire';
import type { FunctionUrl } from './url/port.ts';

/** Decides whether a caller may do what was asked; `main` plugs it in. */
export interface Authoriser {
  /**
   * Called with an input that is well-formed, before anything is done.
   *
   * @returns the call as its handler is to see it: in the account whose resource it is about
   * @throws ServiceFault  the caller may not: AccessDeniedException, in the words of the service
   */
  check(call: Call, input: object): Call;
  /** Whether a caller may call a function by its URL, signed or not. @source spec 1.16-01, 2.8-11 */
  mayCallUrl(url: FunctionUrl, call: Pick<Call, 'caller' | 'account' | 'region' | 'headers' | 'sourceIp'>): boolean;
  /** Whether a signed caller may call a route, by the ARN of what is called. */
  mayCallApi(arn: string, call: Pick<Call, 'caller' | 'account' | 'region' | 'headers' | 'sourceIp'>): boolean;
}
