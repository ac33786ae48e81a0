import { suite, test, type TestContext } from 'node:test';
import { holding, type Held } from './suppression.ts';

const suppressor = { alarm: 'quiet', waitS: 10, extensionS: 20 };
const from = { value: 'OK', reason: 'r', updatedAt: 0, transitionedAt: 0 } as const;
const after = (held: Held | undefined, isSuppressing: boolean, nowMs: number): Held | undefined =>
  holding(suppressor, { held, from, isSuppressing, nowMs });

suite('actions that are held', { timeout: 60_000 }, () => {
  test('wait for the suppressor, and are taken when it does not come', (t: TestContext) => {
    const waiting = after(undefined, false, 0);
    t.assert.equal(waiting?.by, 'WaitPeriod');
    t.assert.equal(after(waiting, false, 9_999), waiting);
    t.assert.equal(after(waiting, false, 10_000), undefined);
  });

  test('stay as long as the suppressor is in ALARM, and a while longer', (t: TestContext) => {
    const suppressed = after(after(undefined, false, 0), true, 5_000);
    t.assert.equal(suppressed?.by, 'Alarm');
    t.assert.equal(after(suppressed, true, 1_000_000), suppressed);
    const extended = after(suppressed, false, 1_000_000);
    t.assert.equal(extended?.by, 'ExtensionPeriod');
    t.assert.equal(after(extended, true, 1_010_000)?.by, 'Alarm');
    t.assert.equal(after(extended, false, 1_020_000), undefined);
  });

  test('are taken at once without periods', (t: TestContext) => {
    const bare = { alarm: 'quiet', waitS: 0, extensionS: 0 };
    t.assert.equal(holding(bare, { held: undefined, from, isSuppressing: false, nowMs: 0 }), undefined);
    t.assert.equal(holding(bare, { held: after(undefined, true, 0), from, isSuppressing: false, nowMs: 0 }), undefined);
  });
});
