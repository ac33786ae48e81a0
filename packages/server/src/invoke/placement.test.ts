import { suite, test } from 'node:test';
import { place, type HouseView, type PoolView } from './placement.ts';

const pool = (view: Partial<PoolView>): PoolView => ({
  idle: 0,
  busy: 0,
  answered: 0,
  booting: 0,
  waiting: 1,
  headWaitedMs: 0,
  lineAgeMs: 0,
  serviceMs: undefined,
  bootMs: 50,
  ...view,
});
const house = (view: Partial<HouseView> = {}): HouseView => ({
  boots: 0,
  bootLimit: 2,
  environments: 0,
  environmentLimit: 10,
  evictable: 0,
  waitingLimit: 100,
  ...view,
});

suite('placement', () => {
  test('an idle environment is always preferred', (t) => {
    t.assert.deepEqual(place(pool({ idle: 1 }), house({ boots: 2, environments: 10 })), { kind: 'warm' });
  });
  test('nothing there: one is started', (t) => {
    t.assert.deepEqual(place(pool({}), house()), { kind: 'start', evict: false });
  });
  test('a boot under way for every waiter is enough', (t) => {
    t.assert.deepEqual(place(pool({ waiting: 2, booting: 2 }), house({ boots: 2, bootLimit: 8 })), { kind: 'wait' });
  });
  test('no more boots at once than the machine can bear', (t) => {
    t.assert.deepEqual(place(pool({ waiting: 9, booting: 2 }), house({ boots: 2 })), { kind: 'wait' });
  });
  test('environments that will be free before a boot could end are waited for', (t) => {
    const answer = place(pool({ waiting: 3, busy: 2, serviceMs: 2, headWaitedMs: 10 }), house());
    t.assert.deepEqual(answer, { kind: 'wait', atMostMs: 40 });
  });
  test('but not longer than a boot would take', (t) => {
    const answer = place(pool({ waiting: 3, busy: 2, serviceMs: 2, headWaitedMs: 50 }), house());
    t.assert.deepEqual(answer, { kind: 'start', evict: false });
  });
  test('a line that never ends earns one more, however quick the handler', (t) => {
    const answer = place(pool({ waiting: 3, busy: 2, serviceMs: 2, headWaitedMs: 3, lineAgeMs: 1000 }), house());
    t.assert.deepEqual(answer, { kind: 'start', evict: false });
  });
  test('slow handlers are not waited for', (t) => {
    const answer = place(pool({ waiting: 1, busy: 5, serviceMs: 1000 }), house());
    t.assert.deepEqual(answer, { kind: 'start', evict: false });
  });
  test('a slow handler that has just answered is waited for: it is free in a moment', (t) => {
    const answer = place(pool({ waiting: 1, busy: 5, answered: 1, serviceMs: 1000 }), house());
    t.assert.deepEqual(answer, { kind: 'wait', atMostMs: 50 });
    t.assert.equal(place(pool({ waiting: 2, busy: 5, answered: 1, serviceMs: 1000 }), house()).kind, 'start');
  });
  test('a full house makes room by ending what is idle, or waits', (t) => {
    t.assert.deepEqual(place(pool({}), house({ environments: 10, evictable: 1 })), { kind: 'start', evict: true });
    t.assert.deepEqual(place(pool({}), house({ environments: 10 })), { kind: 'wait' });
  });
  test('a line that is too long is refused', (t) => {
    t.assert.deepEqual(place(pool({ waiting: 101 }), house()), { kind: 'refuse' });
  });
});
