import { suite, test, type TestContext } from 'node:test';
import { VirtualClock } from '../../../../test/kit/virtual-clock.ts';
import type { FunctionArn } from '../base/index.ts';
import type { CatalogChange } from '../control/index.ts';
import { keepStocked } from './stock.ts';

function stage(deployed: string[]) {
  const clock = new VirtualClock();
  const prepared: string[] = [];
  let listener: ((change: CatalogChange) => void) | undefined;
  const control = {
    runtimes: () => new Set(deployed),
    catalog: {
      onChange: (heard: (change: CatalogChange) => void): Disposable => {
        listener = heard;
        return { [Symbol.dispose]: () => (listener = undefined) };
      },
    },
  };
  const stock = keepStocked(control, { prepare: (runtime) => void prepared.push(runtime) }, clock);
  const deploy = (runtime: string): void => {
    deployed.push(runtime);
    listener?.({ functionArn: 'arn' as FunctionArn, incarnations: new Set() });
  };
  return { clock, prepared, stock, deploy };
}

suite('boxes before anybody asks', () => {
  test('an empty server guesses what will be deployed first', (t: TestContext) => {
    t.assert.deepStrictEqual(stage([]).prepared, ['nodejs24.x']);
  });

  test('a server that starts again prepares for what is deployed, and for nothing else', (t: TestContext) => {
    t.assert.deepStrictEqual(stage(['python3.13', 'ruby3.4', 'python3.13']).prepared, ['python3.13', 'ruby3.4']);
  });

  test('a runtime that is deployed later is prepared once, before its first call', async (t: TestContext) => {
    const { clock, prepared, deploy, stock } = stage(['python3.13']);
    for (const runtime of ['ruby3.4', 'ruby3.4', 'python3.13']) deploy(runtime);
    await clock.advance(100);
    deploy('ruby3.4');
    await clock.advance(100);
    t.assert.deepStrictEqual(prepared, ['python3.13', 'ruby3.4']);
    deploy('java25');
    stock[Symbol.dispose]();
    await clock.advance(1000);
    t.assert.deepStrictEqual(prepared, ['python3.13', 'ruby3.4']);
  });
});
