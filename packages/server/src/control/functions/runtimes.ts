import { lambdaRuntimes } from '@mayfly/wire';
import type { RuntimeSupport } from '../catalog.ts';
import { invalid } from '../faults.ts';

/** Those that came later follow those that the service was recorded to print. @source spec 9.1-12, 4.1 */
const managed: readonly string[] = [
  ...lambdaRuntimes,
  'java8.al2023',
  'java11.al2023',
  'java17.al2023',
  'ruby4.0',
  'nodejs26.x',
  'python3.15',
];

/** @source spec 4.1-06, 4.1-07, 4.1-13, 4.1-14, 4.1-18, 4.1-23, 4.1-27, 4.1-28, 4.1-31 */
const blocked = new Set([
  'nodejs14.x',
  'nodejs12.x',
  'nodejs10.x',
  'nodejs8.10',
  'nodejs6.10',
  'nodejs4.3',
  'nodejs4.3-edge',
  'nodejs',
  'python3.7',
  'python3.6',
  'python2.7',
  'java8',
  'dotnetcore3.1',
  'dotnetcore2.1',
  'dotnetcore2.0',
  'dotnetcore1.0',
  'ruby2.7',
  'ruby2.5',
  'provided',
  'go1.x',
]);

/**
 * A function may be given this runtime. What AWS has blocked is refused, whatever the machine could run;
 * what it runs is taken, also an identifier that AWS does not have; the rest is told apart into what never
 * was and what is missing here.
 *
 * @throws InvalidParameterValueException. @source spec 9.3-02, 9.3-03
 */
export function checkRuntime(runtime: string, support: RuntimeSupport): void {
  if (blocked.has(runtime))
    throw invalid(
      `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`,
    );
  const check = support.check(runtime);
  if (check.kind !== 'unavailable') return;
  if (managed.includes(runtime)) throw invalid(`The runtime ${runtime} cannot run on this machine yet. ${check.remedy}`);
  throw invalid(
    `Value ${runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${managed.join(', ')}] or be a valid ARN`,
  );
}
