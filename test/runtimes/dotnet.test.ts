import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { deploy, invoke } from '../kit/functions.ts';
import { built, missing, pythonOf, zipFolders } from './kit/artefacts.ts';
import { openHouse, type House } from './kit/house.ts';

const python = pythonOf('3.11');
const absent = missing('mcs') || (python === undefined ? 'no pip on this machine' : false);

/**
 * The newest CLR and compiler that a public registry of this project's machines carries: .NET Core 3.1 and C# of Mono.
 * What is proven is the jail, our `bootstrap.sh` and the Runtime API; not Amazon.Lambda.RuntimeSupport.
 */
suite('.NET: an executable assembly on CoreCLR', { timeout: 280_000, skip: absent }, () => {
  let house: House;

  before(async () => {
    const folder = await built('dotnet', async ({ run }) => {
      await run(python ?? '', [
        '-m',
        'pip',
        'download',
        '--quiet',
        '--disable-pip-version-check',
        '--no-deps',
        '--only-binary=:all:',
        'dotnetcore2==3.1.23',
      ]);
      await run('sh', [
        '-c',
        `"${python}" -m zipfile -e dotnetcore2-*.whl wheel && mv wheel/dotnetcore2/bin clr && rm -r wheel dotnetcore2-*.whl && chmod -R a+rX clr && chmod a+x clr/dotnet`,
      ]);
      await run('mcs', ['-out:Function.dll', 'Function.cs']);
    });
    house = await openHouse({
      prepare(dataDir) {
        const runtimes = path.join(dataDir, 'runtimes');
        mkdirSync(runtimes, { recursive: true });
        cpSync(path.join(import.meta.dirname, '../../runtimes/dotnet'), path.join(runtimes, 'dotnet'), { recursive: true });
        const definition = {
          identifier: 'coreclr3.1',
          interpreter: [path.join(folder, 'clr/dotnet')],
          bootstrap: 'dotnet',
          command: ['/bin/bash', '/var/runtime/bootstrap.sh'],
          channel: 'http',
          functionEnv: { DOTNET_ROOT: '/var/lang/bin', HOME: '/tmp' },
        };
        writeFileSync(path.join(runtimes, 'coreclr3.1.json'), JSON.stringify(definition));
      },
    });
    const program = {
      'Function.dll': readFileSync(path.join(folder, 'Function.dll')),
      'Function.runtimeconfig.json': readFileSync(path.join(folder, 'Function.runtimeconfig.json')),
    };
    const options = { Timeout: 20, MemorySize: 512 };
    await deploy(house.client, 'framework', program, { ...options, Runtime: 'coreclr3.1' as 'dotnet8', Handler: 'Function' });
    await deploy(house.client, 'library', program, {
      ...options,
      Runtime: 'coreclr3.1' as 'dotnet8',
      Handler: 'Function::Example.Function::Handle',
    });
    const ZipFile = await zipFolders(
      { 'clr/': path.join(folder, 'clr') },
      { ...program, bootstrap: '#!/bin/sh\nexec /var/task/clr/dotnet /var/task/Function.dll\n' },
    );
    await deploy(house.client, 'contained', {}, { ...options, Runtime: 'provided.al2023', Handler: 'any', Code: { ZipFile } });
  });
  after(() => house?.[Symbol.asyncDispose]());

  for (const [name, how] of [
    ['framework', 'by our bootstrap'],
    ['contained', 'as a bootstrap of provided.al2023 that brings its CLR'],
  ] as const) {
    test(how, async (t: TestContext) => {
      const { answer, log } = await invoke(house.client, name, { n: 21 });
      const { requestId, ...rest } = answer as Record<string, unknown>;
      t.assert.deepEqual(rest, { twice: 42, clr: 'System.Private.CoreLib' });
      t.assert.match(log, new RegExp(`^START RequestId: ${String(requestId)} `, 'm'));
      const failed = await invoke(house.client, name, { n: 0 });
      t.assert.deepEqual(
        [failed.error, failed.answer],
        ['Unhandled', { errorType: 'DivideByZeroException', errorMessage: 'it did not work' }],
      );
    });
  }

  test('a class library handler is refused at its start, with the reason', async (t: TestContext) => {
    const { error, answer } = await invoke(house.client, 'library', { n: 1 });
    t.assert.deepEqual([error, (answer as { errorType: string }).errorType], ['Unhandled', 'Runtime.UnsupportedHandler']);
  });
});
