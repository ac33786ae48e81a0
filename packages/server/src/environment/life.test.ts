import { suite, test, type TestContext } from 'node:test';
import { Life, type LifeSignal } from './life.ts';
import type { Phase } from './port.ts';

const roads: Readonly<Record<Phase, readonly LifeSignal[]>> = {
  starting: [],
  idle: ['ready'],
  busy: ['ready', 'take'],
  stopping: ['stop'],
  gone: ['exit'],
};
const allowed: readonly string[] = [
  'starting ready idle',
  'starting stop stopping',
  'starting exit gone',
  'idle take busy',
  'idle stop stopping',
  'idle exit gone',
  'busy answer idle',
  'busy stop stopping',
  'busy exit gone',
  'stopping exit gone',
];

suite("an environment's life", () => {
  test('allows what its table says, and refuses the other fifteen of twenty-five pairs', (t: TestContext) => {
    const seen: string[] = [];
    for (const [phase, road] of Object.entries(roads)) {
      for (const signal of ['ready', 'take', 'answer', 'stop', 'exit'] satisfies LifeSignal[]) {
        const life = new Life();
        for (const step of road) life.on(step);
        t.assert.equal(life.phase, phase);
        if (life.may(signal)) {
          life.on(signal);
          seen.push(`${phase} ${signal} ${life.phase}`);
        } else {
          t.assert.throws(() => life.on(signal), { code: 'ENVIRONMENT_NOT_IDLE' });
          t.assert.equal(life.phase, phase);
        }
      }
    }
    t.assert.deepEqual(seen, allowed);
  });
});
