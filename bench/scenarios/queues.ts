import { setTimeout as pause } from 'node:timers/promises';
import { deploy, lambdaClient } from '../../test/kit/functions.ts';
import { createMapping, switchMapping } from '../kit/mapping.ts';
import { Plain } from '../kit/plain.ts';
import { spending } from '../kit/processor.ts';
import { Program } from '../kit/programs.ts';
import { proveIsolation } from '../kit/proof.ts';
import type { Result, Scenario } from '../kit/scenario.ts';
import { median, summary } from '../kit/stats.ts';

const connections = 8;
const batchSize = 10;

interface Received {
  readonly Messages?: readonly { readonly ReceiptHandle: string }[];
}

/** What one pass over so many messages came to. */
interface Pass {
  readonly perSecond: number;
  /** Microseconds of processor for a message, boxes included; by thread in `parts`. */
  readonly cpuUs: number;
  readonly parts: ReadonlyMap<string, number>;
}

/** How many messages a second go through a queue, and what one costs: by a batching client, and by a function's poller. */
export const queues: Scenario = {
  name: 'queues',
  about: 'messages sent, received and deleted in batches by a client; a full queue emptied by a function and by a client',
  async run({ quick }) {
    const count = quick ? 5_000 : 20_000;
    await using server = await Program.server();
    const clients = await Promise.all(Array.from({ length: connections }, () => Plain.open(server.port)));
    const [client] = clients as [Plain];
    const lambda = lambdaClient(`http://127.0.0.1:${server.port}`);
    await deploy(lambda, 'nothing', { 'index.js': 'exports.handler = async () => {};' }, { MemorySize: 1769, Timeout: 30 });
    const notes = await proveIsolation(lambda);
    const queue = async (name: string): Promise<string> =>
      (await client.call<{ QueueUrl: string }>('AmazonSQS.CreateQueue', { QueueName: name })).QueueUrl;
    const byHand = await queue('by-hand');
    const byFunction = await queue('by-function');
    const mapping = await createMapping(lambda, {
      FunctionName: 'nothing',
      EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:by-function',
      Enabled: false,
      BatchSize: batchSize,
    });
    const passed = async (work: () => Promise<unknown>): Promise<Pass> => {
      const startedAt = performance.now();
      const { cpuUs, parts } = await spending(server.pid, work);
      return {
        perSecond: count / ((performance.now() - startedAt) / 1000),
        cpuUs: cpuUs / count,
        parts: new Map([...parts].map(([name, us]) => [name, us / count])),
      };
    };
    const cycles: Pass[] = [];
    const taken: Pass[] = [];
    const polled: Pass[] = [];
    // The first turn warms up: code is compiled, environments are there.
    for (let turn = 0; turn <= (quick ? 5 : 11); turn += 1) {
      const cycle = await passed(async () => {
        await fill(clients, byHand, count);
        await take(clients, byHand, count);
      });
      await fill(clients, byHand, count);
      const takePass = await passed(() => take(clients, byHand, count));
      await fill(clients, byFunction, count);
      const pollPass = await passed(async () => {
        const enabled = switchMapping(lambda, mapping, true);
        await emptied(client, byFunction);
        await enabled;
      });
      await switchMapping(lambda, mapping, false);
      if (turn === 0) continue;
      cycles.push(cycle);
      taken.push(takePass);
      polled.push(pollPass);
    }
    for (const each of clients) each[Symbol.dispose]();
    lambda.destroy();
    return [
      rate('SQS: sent, received and deleted, batches of ten', cycles, notes),
      cost('SQS: CPU of a message sent, received and deleted', cycles),
      rate('SQS: a full queue emptied by a function', polled, notes, taken),
      cost('SQS: CPU of a message that a function takes, box included', polled, taken),
    ];
  },
};

function fill(clients: readonly Plain[], QueueUrl: string, count: number): Promise<unknown> {
  let left = count / batchSize;
  const Entries = Array.from({ length: batchSize }, (_, Id) => ({ Id: String(Id), MessageBody: 'a message of the usual kind' }));
  return Promise.all(
    clients.map(async (client) => {
      while (left-- > 0) await client.call('AmazonSQS.SendMessageBatch', { QueueUrl, Entries });
    }),
  );
}

function take(clients: readonly Plain[], QueueUrl: string, count: number): Promise<unknown> {
  let taken = 0;
  return Promise.all(
    clients.map(async (client) => {
      while (taken < count) {
        const { Messages = [] } = await client.call<Received>('AmazonSQS.ReceiveMessage', {
          QueueUrl,
          MaxNumberOfMessages: batchSize,
        });
        taken += Messages.length;
        const Entries = Messages.map(({ ReceiptHandle }, Id) => ({ Id: String(Id), ReceiptHandle }));
        if (Entries.length > 0) await client.call('AmazonSQS.DeleteMessageBatch', { QueueUrl, Entries });
      }
    }),
  );
}

/** Resolves when a queue holds nothing, hidden messages included. */
async function emptied(client: Plain, QueueUrl: string): Promise<void> {
  for (;;) {
    const { Attributes } = await client.call<{ Attributes: Record<string, string> }>('AmazonSQS.GetQueueAttributes', {
      QueueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    });
    if (Object.values(Attributes).every((value) => value === '0')) return;
    await pause(10);
  }
}

const rate = (name: string, passes: readonly Pass[], notes: string, baseline?: readonly Pass[]): Result => ({
  name,
  unit: 'per second',
  notes,
  system: summary(passes.map(({ perSecond }) => perSecond)),
  ...beside(passes, baseline, ({ perSecond }) => perSecond),
});

const cost = (name: string, passes: readonly Pass[], baseline?: readonly Pass[]): Result => ({
  name,
  unit: 'µs',
  system: summary(passes.map(({ cpuUs }) => cpuUs)),
  parts: partsOf(passes),
  ...beside(passes, baseline, ({ cpuUs }) => cpuUs),
});

/** Ratios turn by turn: what else the machine does meets both. */
function beside(passes: readonly Pass[], baseline: readonly Pass[] | undefined, of: (pass: Pass) => number): Partial<Result> {
  if (baseline === undefined) return {};
  const ratios = passes.map((pass, turn) => of(pass) / of(baseline[turn] as Pass));
  return { ratio: median(ratios), ratios, baseline: summary(baseline.map(of)), baselineName: 'the same by a client' };
}

function partsOf(passes: readonly Pass[]): Readonly<Record<string, number>> {
  const names = new Set(passes.flatMap(({ parts }) => [...parts.keys()]));
  return Object.fromEntries([...names].map((name) => [name, median(passes.map(({ parts }) => parts.get(name) ?? 0))]));
}
