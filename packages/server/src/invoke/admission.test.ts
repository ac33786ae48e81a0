import { suite, test } from 'node:test';
import { account, region, ScriptedCatalog } from '../../../../test/kit/scripted-catalog.ts';
import { Admission } from './admission.ts';

const setting = (accountConcurrency: number) => {
  const catalog = new ScriptedCatalog();
  const admission = new Admission({ accountConcurrency, reservedTotal: () => catalog.reservedTotal() });
  const enter = (name: string) => admission.enter(catalog.resolve(account, region, name));
  return { catalog, admission, enter };
};
const refusedBy = (reason: string) => (error: unknown) =>
  (error as { name: string }).name === 'TooManyRequestsException' &&
  (error as { members: Record<string, unknown> }).members['Reason'] === reason;

suite('admission', () => {
  test('a slot given back twice frees one place', (t) => {
    const { catalog, enter } = setting(1);
    catalog.put('f');
    const slot = enter('f');
    t.assert.throws(() => enter('f'), refusedBy('ConcurrentInvocationLimitExceeded'));
    slot[Symbol.dispose]();
    slot[Symbol.dispose]();
    using _held = enter('f');
    t.assert.throws(() => enter('f'), refusedBy('ConcurrentInvocationLimitExceeded'));
  });

  test('reserved concurrency is a cap of its function and is kept from all others', (t) => {
    const { catalog, enter } = setting(5);
    catalog.put('reserved', { reservedConcurrency: 2 });
    catalog.put('other');
    for (let index = 0; index < 3; index += 1) enter('other');
    t.assert.throws(() => enter('other'), refusedBy('ConcurrentInvocationLimitExceeded'));
    enter('reserved');
    enter('reserved');
    t.assert.throws(() => enter('reserved'), refusedBy('ReservedFunctionConcurrentInvocationLimitExceeded'));
  });

  test('reserved concurrency 0 refuses everything, with no hint when to come back', (t) => {
    const { catalog, enter } = setting(5);
    catalog.put('f', { reservedConcurrency: 0 });
    t.assert.throws(
      () => enter('f'),
      (error: { headers: object; status: number }) => error.status === 429 && !('Retry-After' in error.headers),
    );
  });

  test('a refusal of the account says when to come back', (t) => {
    const { catalog, enter } = setting(0);
    catalog.put('f');
    t.assert.throws(
      () => enter('f'),
      (error: { headers: Record<string, string> }) => error.headers['Retry-After'] === '1',
    );
  });

  test('the account never runs more than its limit when a reservation is given up in flight', (t) => {
    const { catalog, admission, enter } = setting(4);
    const version = catalog.put('f', { reservedConcurrency: 2 });
    const held = [enter('f'), enter('f')];
    catalog.put('f', { version });
    enter('f');
    enter('f');
    t.assert.throws(() => enter('f'), refusedBy('ConcurrentInvocationLimitExceeded'));
    for (const slot of held) slot[Symbol.dispose]();
    t.assert.equal(admission.counts()[0]?.inUse, 2);
  });

  test('functions that do not run are not remembered', (t) => {
    const { catalog, admission, enter } = setting(4);
    catalog.put('f');
    enter('f')[Symbol.dispose]();
    t.assert.deepEqual(admission.counts(), []);
  });
});
