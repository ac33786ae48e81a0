import { ServiceFault } from './fault.ts';

const marks = new WeakSet<object>();

/**
 * Stands where an operation is missing, so that the gap shows in the parity table and the caller gets
 * a clear answer. A 4xx: SDKs and Terraform would retry a 5xx for minutes.
 */
export function notYet(operation: string): () => Promise<never> {
  const handler = (): Promise<never> =>
    Promise.reject(
      new ServiceFault('NotImplementedException', `Mayfly does not have ${operation} yet. docs/parity.md lists what it has.`, {
        status: 400,
      }),
    );
  marks.add(handler);
  return handler;
}

export const isNotYet = (handler: object): boolean => marks.has(handler);
