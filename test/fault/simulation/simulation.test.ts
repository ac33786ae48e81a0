import { suite, test, type TestContext } from 'node:test';
import { ServiceFault } from '@mayfly/wire';
import { settle } from '../../kit/virtual-clock.ts';
import { seeded, slow } from '../load.ts';
import { accountLimit, fairWeather, functions, SimulatedHouse } from './house.ts';

const seeds = slow ? 20_000 : 1000;
const only = process.env['MAYFLY_SEED'];
const steps = 18;
/** The longest that anything waits is five minutes. */
const quietMs = 900_000;
/** Of the account, for functions without a reservation. */
const unreserved =
  accountLimit - functions.reduce((sum, each) => sum + ('reservedConcurrency' in each ? each.reservedConcurrency : 0), 0);
/** What a caller may be told. I8. */
const faults = new Set(['TooManyRequestsException', 'ServiceException']);

interface Account {
  readonly acknowledged: Set<string>;
  /** Sent, and the server died or its storage failed before it said anything. */
  readonly unclear: Set<string>;
  readonly calls: Promise<void>[];
}

/** One world from one seed; answers what is wrong with it. */
async function live(seed: number): Promise<readonly string[]> {
  const chance = seeded(seed);
  const house = new SimulatedHouse(chance);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(chance() * all.length)] as T;
  const known: Account = { acknowledged: new Set(), unclear: new Set(), calls: [] };
  let next = 0;

  const enqueue = (): void => {
    const id = `event-${next++}`;
    known.unclear.add(id);
    const accepted = house.invoke.invoker.enqueue(house.request(pick(functions).name, id)).then(
      () => {
        known.acknowledged.add(id);
        known.unclear.delete(id);
      },
      (error: unknown) => {
        known.unclear.delete(id);
        checkFault(error, house);
      },
    );
    known.calls.push(accepted);
  };
  const call = (): void => {
    const id = `call-${next++}`;
    known.unclear.add(id);
    house.invoke.invoker.invoke(house.request(pick(functions).name, id)).then(
      () => known.acknowledged.add(id),
      (error: unknown) => checkFault(error, house),
    );
  };

  await house.begin();
  for (let step = 0; step < steps; step += 1) {
    const dice = chance();
    if (dice < 0.35) for (let count = 1 + Math.floor(chance() * 5); count > 0; count -= 1) enqueue();
    else if (dice < 0.55) for (let count = 1 + Math.floor(chance() * 8); count > 0; count -= 1) call();
    else if (dice < 0.63) house.storageFails = !house.storageFails;
    else if (dice < 0.7) house.update(pick(functions).name);
    else if (dice < 0.78) {
      house.weather = {
        error: pick([0, 0.3, 1]),
        death: pick([0, 0.2]),
        badBoot: pick([0, 0.3]),
        slow: pick([0, 0.3]),
        linger: pick([0, 0.5]),
        badDelivery: pick([0, 0.3]),
      };
    } else if (dice < 0.84) pick(house.environments.alive)?.die();
    else if (dice < 0.9) {
      await settle(Math.floor(chance() * 6));
      await house.kill();
      house.storageFails = false;
      await house.begin();
    }
    await house.clock.advance(chance() < 0.7 ? chance() * 500 : chance() * 100_000);
  }
  // The storm is over: everything that was accepted comes to its end.
  house.storageFails = false;
  house.weather = fairWeather;
  // An allocation that failed stays failed until somebody asks again.
  house.provision();
  await house.clock.advance(quietMs);
  await check(house, known);
  return house.wrongs;
}

/** I8: a refusal is one of Lambda's. */
function checkFault(error: unknown, { wrongs }: SimulatedHouse): void {
  if (!(error instanceof ServiceFault) || !faults.has(error.code) || (error.status ?? 0) < 429)
    wrongs.push(`I8: a caller was told ${String(error)}`);
}

async function check(house: SimulatedHouse, { acknowledged, unclear }: Account): Promise<void> {
  const { wrongs, executions, deliveries } = house;
  const runs = Map.groupBy(executions, ({ requestId }) => requestId);
  const told = Map.groupBy(deliveries, ({ requestId }) => requestId);
  for (const id of acknowledged) {
    if (!id.startsWith('event-')) continue;
    // I1: what was acknowledged ran, or ended with a record.
    const ran = runs.get(id) ?? [];
    const records = told.get(id) ?? [];
    const givenUp = house.facts.some((fact) => fact.kind === 'count' && fact.metric === 'DestinationDeliveryFailures');
    if (!ran.some(({ end }) => end === 'returned') && records.length === 0 && !givenUp) wrongs.push(`I1: ${id} is lost`);
    // An ending is on storage before it is told, so that nothing runs after it.
    const firstToldMs = Math.min(...records.map(({ atMs }) => atMs));
    if (ran.some(({ beganAtMs }) => beganAtMs > firstToldMs)) wrongs.push(`${id} ran after its end was told`);
    if (new Set(records.map(({ condition }) => condition)).size > 1) wrongs.push(`${id} has two endings`);
    const errors = ran.filter(({ end }) => end === 'error').length;
    if (errors > 3 + (house.lives - 1)) wrongs.push(`${id} was tried ${errors} times in ${house.lives} lives`);
  }
  // I2: nothing ran that was refused or never sent.
  for (const id of runs.keys()) if (!acknowledged.has(id) && !unclear.has(id)) wrongs.push(`I2: ${id} ran, and was refused`);
  // I7: nothing is held when nothing runs.
  const full = Array.from({ length: unreserved }, (_, index) =>
    house.invoke.invoker.invoke(house.request('plain', `full-${index}`)),
  );
  const refused = Promise.allSettled(full).then((all) => all.filter(({ status }) => status === 'rejected').length);
  await house.clock.advance(60_000);
  if ((await refused) > 0) wrongs.push(`I7: ${await refused} of the ${unreserved} shared places are gone`);
  await house.clock.advance(120_000);
  // A provisioned environment may just be taking the place of one that has grown old.
  for (let seconds = 0; seconds < 3 && house.invoke.counts().booting > 0; seconds += 1) await house.clock.advance(1000);
  const { busy, booting, waiting, queuedEvents } = house.invoke.counts();
  if (busy + booting + waiting + queuedEvents > 0)
    wrongs.push(`I7: ${JSON.stringify(house.invoke.counts())} after a quiet quarter of an hour`);
  if (house.invoke.concurrency().length > 0) wrongs.push(`I7: places are held: ${JSON.stringify(house.invoke.concurrency())}`);
  const kept = house.environments.alive.filter(
    ({ initializationType }) => initializationType === 'provisioned-concurrency',
  ).length;
  if (kept !== 2) wrongs.push(`${kept} of 2 provisioned environments are there`);
  if (!house.learns && house.environments.alive.length !== kept)
    wrongs.push(`I7: ${house.environments.alive.length - kept} idle environments outlived their time`);
  const [row] = await house.database.all('SELECT COUNT(*) AS rows FROM invoke_event');
  if (Number(row?.['rows']) !== 0) wrongs.push(`I7: ${Number(row?.['rows'])} rows are left`);
  // I10: one fact for each run that ended in this life, with the time that the sandbox saw.
  for (const fact of house.facts)
    if (fact.kind === 'invocation' && fact.billedMs !== Math.ceil(fact.durationMs + (fact.initMs ?? 0)))
      wrongs.push(`I10: ${fact.requestId} is billed ${fact.billedMs} ms`);
  const facts = house.facts.filter((fact) => fact.kind === 'invocation').length;
  const ended = executions.filter(({ life }) => life === house.lives).length;
  if (facts !== ended) wrongs.push(`I10: ${facts} facts of ${ended} runs`);
  await house.invoke[Symbol.asyncDispose]();
  if (house.environments.alive.length > 0) wrongs.push(`I7: ${house.environments.alive.length} environments outlived the hall`);
  await house.database[Symbol.asyncDispose]();
}

suite('the hall in a world of chance', { timeout: slow ? 3_600_000 : 120_000 }, () => {
  test(`keeps its promises in ${only === undefined ? `${seeds} worlds` : `world ${only}`}`, async (t: TestContext) => {
    const first = only === undefined ? 1 : Number(only);
    for (let seed = first; seed < first + (only === undefined ? seeds : 1); seed += 1) {
      const wrongs = await live(seed);
      t.assert.deepStrictEqual(wrongs, [], `MAYFLY_SEED=${seed} brings it back`);
    }
  });
});
