import type { LambdaOperations } from '@mayfly/wire';
import type { AccountId, Region } from '../../base/index.ts';
import { invalid } from '../faults.ts';
import { arnOf, type Scope } from '../names.ts';
import type { Shelf } from '../records/shelf.ts';

type Given = NonNullable<LambdaOperations['PutFunctionEventInvokeConfig']['input']['DestinationConfig']>;

/** @source spec 1.11-04 */
const services = new Set(['sqs', 'sns', 'lambda', 'events', 's3']);

/** @throws InvalidParameterValueException. @source spec 1.11-05 */
export function checkDestinations(shelf: Shelf, scope: Scope, functionName: string, given: Given | undefined): void {
  const targets = [given?.OnSuccess?.Destination, given?.OnFailure?.Destination].filter((arn) => arn !== undefined && arn !== '');
  for (const arn of targets) {
    const [, , service = '', region = '', account = '', type, name = ''] = (arn ?? '').split(':');
    if (!services.has(service) || (service === 's3' && arn === given?.OnSuccess?.Destination))
      throw invalid(`The provided destination config ${printed(given)} is invalid.`);
    if (service !== 'lambda') continue;
    if (arn === arnOf(scope, functionName)) throw invalid("You can't specify the function as a destination for itself.");
    const there = shelf.desk({ account: account as AccountId, region: region as Region }).get('function', name);
    if (type !== 'function' || there === undefined) throw invalid(`The destination ARN ${arn} is invalid.`);
  }
}

/** As Java prints it. */
const printed = (given: Given | undefined): string => {
  const { OnSuccess, OnFailure } = given ?? {};
  const part = (name: string, destination: string | undefined): string => `${name}(destination=${destination ?? 'null'})`;
  return `DestinationConfig(onSuccess=${OnSuccess === undefined ? 'null' : part('OnSuccess', OnSuccess.Destination)}, onFailure=${OnFailure === undefined ? 'null' : part('OnFailure', OnFailure.Destination)})`;
};
