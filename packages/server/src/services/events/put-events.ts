import type { Call, EventBridgeOperations, Handler } from '@mayfly/wire';
import type { Clock, Random } from '../../base/index.ts';
import { busPlace, type Buses } from './bus.ts';
import { eventTime, type EventDocument } from './event.ts';
import { invalid } from './faults.ts';
import type { Arrival, Ingest } from './ingest.ts';

type Input = EventBridgeOperations['PutEvents']['input'];
type Entry = NonNullable<Input['Entries']>[number];

/** @source EventBridge User Guide, "Quotas": one MiB a request, read 2026-11 */
const mostBytes = 1_048_576;

/** Entries are judged one by one; those that are good are on storage before the answer. */
export function putEvents(
  buses: Buses,
  ingest: Ingest,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Handler<Input, EventBridgeOperations['PutEvents']['output']> {
  return async (input, call) => {
    if (input.EndpointId !== undefined)
      throw invalid('Mayfly does not have global endpoints of EventBridge yet. docs/parity.md lists what it has.');
    const entries = input.Entries ?? [];
    if (entries.reduce((sum, entry) => sum + sizeOf(entry), 0) > mostBytes)
      throw invalid('Total size of the entries in the request is over the limit.');
    const results = entries.map((entry) => judge(entry, call));
    const arrivals: Arrival[] = [];
    const answers = results.map((result, index) => {
      if ('code' in result) return { ErrorCode: result.code, ErrorMessage: result.message };
      const entry = entries[index] ?? {};
      const id = random.uuid();
      const { bus, ...place } = busPlace(call, entry.EventBusName);
      // An unknown bus takes events and has no rules, as in AWS.
      if (buses.find(place, bus) !== undefined) {
        const event: EventDocument = {
          version: '0',
          id,
          'detail-type': entry.DetailType ?? '',
          source: entry.Source ?? '',
          account: call.account,
          time: eventTime((entry.Time ?? new Date(clock.now())).getTime()),
          region: call.region,
          resources: entry.Resources ?? [],
          detail: result.detail,
        };
        arrivals.push({ place, bus, event });
      }
      return { EventId: id };
    });
    if (arrivals.length > 0) await ingest.accept(arrivals);
    return { Entries: answers, FailedEntryCount: results.filter((result) => 'code' in result).length };
  };
}

/** @source EventBridge User Guide, "Calculating PutEvents event entry size" */
const sizeOf = (entry: Entry): number =>
  (entry.Time === undefined ? 0 : 14) +
  [entry.Source, entry.DetailType, entry.Detail, ...(entry.Resources ?? [])].reduce(
    (sum, text) => sum + Buffer.byteLength(text ?? ''),
    0,
  );

function judge(entry: Entry, call: Call): { readonly detail: object } | { readonly code: string; readonly message: string } {
  for (const name of ['Source', 'DetailType', 'Detail'] as const) {
    if (entry[name] === undefined || entry[name] === '') {
      return { code: 'InvalidArgument', message: `Parameter ${name} is not valid. Reason: ${name} is a required argument.` };
    }
  }
  // The services of this server come in by another door.
  if (entry.Source?.startsWith('aws.') === true && call.service === 'events')
    return { code: 'NotAuthorizedForSourceException', message: 'Not authorized for the source.' };
  try {
    const detail: unknown = JSON.parse(entry.Detail ?? '');
    if (typeof detail === 'object' && detail !== null && !Array.isArray(detail)) return { detail };
  } catch {
    // Falls through: it is malformed either way.
  }
  return { code: 'MalformedDetail', message: 'Detail is malformed.' };
}
