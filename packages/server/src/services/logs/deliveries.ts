import { ServiceFault, type Call } from '@mayfly/wire';
import type { Random } from '../../base/index.ts';
import { pageOf, scopeOf, type RecordDraft, isJson } from '../kit/index.ts';
import { badToken, notFound } from './faults.ts';
import type { LogHandlers } from './group-handlers.ts';
import type { DeliveryDestinationRecord, DeliveryRecord, DeliverySourceRecord, LogKinds, LogRecords } from './groups.ts';

const pageSize = 50;
const types: Readonly<Record<string, DeliveryDestinationRecord['type']>> = {
  s3: 'S3',
  logs: 'CWL',
  firehose: 'FH',
  xray: 'XRAY',
};

const invalid = (message: string): ServiceFault => new ServiceFault('ValidationException', message, { status: 400 });
const conflict = (message: string): ServiceFault => new ServiceFault('ConflictException', message, { status: 400 });
const missing = (what: string, end = '.'): ServiceFault => notFound(`Requested ${what} does not exist in this account${end}`);

const given = <Name extends string, T>(name: Name, value: T | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { readonly [N in Name]?: T };

/**
 * Deliveries of other services' logs: sources, destinations, and what connects them. They are kept and shown; no service
 * here has logs of this kind to send.
 */
export function deliveryHandlers({ records, random }: { readonly records: LogRecords; readonly random: Random }) {
  type Kind = 'deliverySource' | 'deliveryDestination' | 'delivery';
  const words = { deliverySource: 'Delivery Source', deliveryDestination: 'Delivery Destination', delivery: 'Delivery' } as const;
  const find = <K extends Kind>(call: Call, kind: K, name: string | undefined): Readonly<LogKinds[K]> => {
    const found = records.get(kind, scopeOf(call), name ?? '');
    if (found === undefined) throw missing(words[kind]);
    return found;
  };
  const page = <K extends Kind>(
    call: Call,
    kind: K,
    input: { readonly limit?: number | undefined; readonly nextToken?: string | undefined },
  ) =>
    pageOf(records.list(kind, scopeOf(call)), {
      limit: input.limit ?? pageSize,
      token: input.nextToken,
      nameOf: (each) => nameOf(each as { readonly id?: string; readonly name?: string }),
      invalid: badToken,
    });
  const inUse = (draft: RecordDraft<LogKinds>, call: Call, uses: (delivery: DeliveryRecord) => boolean, what: string): void => {
    if (draft.list('delivery', scopeOf(call)).some(uses)) throw conflict(`This ${what} cannot be deleted: a delivery uses it.`);
  };

  return {
    async PutDeliveryDestination(input, call) {
      const name = input.name ?? '';
      const resourceArn = input.deliveryDestinationConfiguration?.destinationResourceArn;
      const type = input.deliveryDestinationType ?? types[resourceArn?.split(':')[2] ?? ''];
      if (type === undefined) throw invalid('The destination resource must be a log group, a bucket, or a delivery stream.');
      const destination = await records.change((draft) => {
        const known = draft.get('deliveryDestination', scopeOf(call), name);
        if (known !== undefined && known.resourceArn !== resourceArn)
          throw conflict('The resource of a delivery destination cannot be changed.');
        const made: DeliveryDestinationRecord = {
          name,
          type,
          ...given('resourceArn', resourceArn),
          ...given('outputFormat', input.outputFormat),
          ...given('policy', known?.policy),
          tags: known?.tags ?? { ...input.tags },
        };
        draft.put('deliveryDestination', scopeOf(call), name, made);
        return made;
      });
      return { deliveryDestination: shownDestination(call, destination) };
    },
    async GetDeliveryDestination(input, call) {
      return { deliveryDestination: shownDestination(call, find(call, 'deliveryDestination', input.name)) };
    },
    async DescribeDeliveryDestinations(input, call) {
      const found = page(call, 'deliveryDestination', input);
      return { deliveryDestinations: found.items.map((each) => shownDestination(call, each)), ...given('nextToken', found.next) };
    },
    async DeleteDeliveryDestination(input, call) {
      await records.change((draft) => {
        const arn = destinationArn(call, input.name ?? '');
        inUse(draft, call, (delivery) => delivery.destinationArn === arn, 'delivery destination');
        if (!draft.delete('deliveryDestination', scopeOf(call), input.name ?? '')) throw missing(words.deliveryDestination);
      });
      return {};
    },

    async PutDeliveryDestinationPolicy(input, call) {
      const policy = input.deliveryDestinationPolicy ?? '';
      const found = find(call, 'deliveryDestination', input.deliveryDestinationName);
      if (!isJson(policy)) throw invalid('The delivery destination policy is not valid JSON.');
      await records.change((draft) => draft.put('deliveryDestination', scopeOf(call), found.name, { ...found, policy }));
      return { policy: { deliveryDestinationPolicy: policy } };
    },
    async GetDeliveryDestinationPolicy(input, call) {
      const { policy } = find(call, 'deliveryDestination', input.deliveryDestinationName);
      return { policy: given('deliveryDestinationPolicy', policy) };
    },
    async DeleteDeliveryDestinationPolicy(input, call) {
      const { policy: _, ...rest } = find(call, 'deliveryDestination', input.deliveryDestinationName);
      await records.change((draft) => draft.put('deliveryDestination', scopeOf(call), rest.name, rest));
      return {};
    },

    async PutDeliverySource(input, call) {
      const name = input.name ?? '';
      const resourceArn = input.resourceArn ?? '';
      const service = resourceArn.split(':')[2] ?? '';
      if (!resourceArn.startsWith('arn:') || service === '')
        throw invalid('The resourceArn of a delivery source must be an ARN.');
      const source = await records.change((draft) => {
        const known = draft.get('deliverySource', scopeOf(call), name);
        if (known !== undefined && known.resourceArn !== resourceArn)
          throw conflict('The resource of a delivery source cannot be changed.');
        const made: DeliverySourceRecord = {
          name,
          resourceArn,
          service,
          logType: input.logType ?? '',
          tags: known?.tags ?? { ...input.tags },
        };
        draft.put('deliverySource', scopeOf(call), name, made);
        return made;
      });
      return { deliverySource: shownSource(call, source) };
    },
    async GetDeliverySource(input, call) {
      return { deliverySource: shownSource(call, find(call, 'deliverySource', input.name)) };
    },
    async DescribeDeliverySources(input, call) {
      const found = page(call, 'deliverySource', input);
      return { deliverySources: found.items.map((each) => shownSource(call, each)), ...given('nextToken', found.next) };
    },
    async DeleteDeliverySource(input, call) {
      await records.change((draft) => {
        inUse(draft, call, (delivery) => delivery.source === input.name, 'delivery source');
        // With two full stops, as recorded.
        if (!draft.delete('deliverySource', scopeOf(call), input.name ?? '')) throw missing(words.deliverySource, '..');
      });
      return {};
    },

    async CreateDelivery(input, call) {
      const source = find(call, 'deliverySource', input.deliverySourceName);
      const arn = input.deliveryDestinationArn ?? '';
      const destination = find(call, 'deliveryDestination', arn.split(':delivery-destination:')[1]);
      const delivery: DeliveryRecord = {
        id: random.uuid().replaceAll('-', '').slice(0, 16),
        source: source.name,
        destinationArn: arn,
        destinationType: destination.type,
        ...given('recordFields', input.recordFields),
        ...given('fieldDelimiter', input.fieldDelimiter),
        ...given('s3', input.s3DeliveryConfiguration && { ...input.s3DeliveryConfiguration }),
        tags: { ...input.tags },
      };
      await records.change((draft) => {
        const others = draft.list('delivery', scopeOf(call));
        if (others.some((each) => each.source === source.name && each.destinationArn === arn))
          throw conflict('Delivery already exists between this delivery source and this delivery destination.');
        draft.put('delivery', scopeOf(call), delivery.id, delivery);
      });
      return { delivery: shownDelivery(call, delivery) };
    },
    async GetDelivery(input, call) {
      return { delivery: shownDelivery(call, find(call, 'delivery', input.id)) };
    },
    async DescribeDeliveries(input, call) {
      const found = page(call, 'delivery', input);
      return { deliveries: found.items.map((each) => shownDelivery(call, each)), ...given('nextToken', found.next) };
    },
    async DeleteDelivery(input, call) {
      await records.change((draft) => {
        if (!draft.delete('delivery', scopeOf(call), input.id ?? '')) throw missing(words.delivery);
      });
      return {};
    },
  } satisfies LogHandlers;
}

const nameOf = (each: { readonly id?: string; readonly name?: string }): string => each.id ?? each.name ?? '';

const arnOf = (call: Call, kind: string, name: string): string => `arn:aws:logs:${call.region}:${call.account}:${kind}:${name}`;
const destinationArn = (call: Call, name: string): string => arnOf(call, 'delivery-destination', name);
const tagsOf = (tags: Readonly<Record<string, string>>) => (Object.keys(tags).length === 0 ? {} : { tags: { ...tags } });

const shownDestination = (call: Call, { name, type, resourceArn, outputFormat, tags }: DeliveryDestinationRecord) => ({
  name,
  arn: destinationArn(call, name),
  deliveryDestinationType: type,
  ...given('outputFormat', outputFormat),
  ...(resourceArn === undefined ? {} : { deliveryDestinationConfiguration: { destinationResourceArn: resourceArn } }),
  ...tagsOf(tags),
});

const shownSource = (call: Call, { name, resourceArn, service, logType, tags }: DeliverySourceRecord) => ({
  name,
  arn: arnOf(call, 'delivery-source', name),
  resourceArns: [resourceArn],
  service,
  logType,
  ...tagsOf(tags),
});

const shownDelivery = (call: Call, delivery: DeliveryRecord) => ({
  id: delivery.id,
  arn: arnOf(call, 'delivery', delivery.id),
  deliverySourceName: delivery.source,
  deliveryDestinationArn: delivery.destinationArn,
  deliveryDestinationType: delivery.destinationType,
  ...given('recordFields', delivery.recordFields && [...delivery.recordFields]),
  ...given('fieldDelimiter', delivery.fieldDelimiter),
  ...given('s3DeliveryConfiguration', delivery.s3),
  ...tagsOf(delivery.tags),
});
