import { readFileSync } from 'node:fs';
import { after, before, suite, test, type TestContext } from 'node:test';
import {
  DeleteLayerVersionCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { deploy, invoke } from '../kit/functions.ts';
import { zipOf } from '../kit/zip.ts';
import { missing, zipFolders } from './kit/artefacts.ts';
import { openHouse, type House } from './kit/house.ts';
import { javaFunction } from './kit/java.ts';

suite('layers', { timeout: 200_000 }, () => {
  let house: House;
  before(async () => void (house = await openHouse()));
  after(() => house?.[Symbol.asyncDispose]());

  const publish = async (
    LayerName: string,
    content: Readonly<Record<string, string | Uint8Array>> | Uint8Array,
  ): Promise<string> => {
    const ZipFile = content instanceof Uint8Array ? content : await zipOf(content as Readonly<Record<string, string>>);
    return (await house.client.send(new PublishLayerVersionCommand({ LayerName, Content: { ZipFile } }))).LayerVersionArn ?? '';
  };
  const answer = async (name: string, event: unknown = {}) => (await invoke(house.client, name, event)).answer;

  test("Node.js finds modules, its version's first, and programs and libraries have their places", async (t: TestContext) => {
    const layer = await publish('node', {
      'nodejs/node_modules/shared/index.js': `module.exports = 'shared';`,
      'nodejs/node_modules/both/index.js': `module.exports = 'of any version';`,
      'nodejs/node24/node_modules/both/index.js': `module.exports = 'of 24';`,
      'bin/greet': '#!/bin/sh\necho hello $1\n',
      'lib/thing.so': '',
      'data/file.txt': 'plain',
    });
    await deploy(
      house.client,
      'node',
      {
        'index.js': `
        const { execFileSync } = require('child_process');
        const { readFileSync, accessSync, writeFileSync } = require('fs');
        exports.handler = async () => {
          let writable = true;
          try { writeFileSync('/opt/x', ''); } catch (error) { writable = error.code; }
          return { shared: require('shared'), both: require('both'), greet: execFileSync('greet', ['you']).toString(),
            data: readFileSync('/opt/data/file.txt', 'utf8'), lib: process.env.LD_LIBRARY_PATH.split(':').includes('/opt/lib'), writable };
        };`,
      },
      { Layers: [layer] },
    );
    t.assert.deepEqual(await answer('node'), {
      shared: 'shared',
      both: 'of 24',
      greet: 'hello you\n',
      data: 'plain',
      lib: true,
      writable: 'EROFS',
    });
  });

  test('Python finds packages in both places', { skip: missing('python3.11') }, async (t: TestContext) => {
    const layer = await publish('python', {
      'python/near.py': `word = 'near'`,
      'python/lib/python3.11/site-packages/far/__init__.py': `word = 'far'`,
    });
    await deploy(
      house.client,
      'python',
      { 'app.py': 'import near, far\ndef handler(event, context):\n    return [near.word, far.word]' },
      { Runtime: 'python3.11', Handler: 'app.handler', Layers: [layer] },
    );
    t.assert.deepEqual(await answer('python'), ['near', 'far']);
  });

  test('Java finds jars', { skip: missing('javac', 'mvn') }, async (t: TestContext) => {
    const folder = await javaFunction();
    const layer = await publish(
      'java',
      await zipFolders({ 'java/lib/': `${folder}/lib` }, { 'java/lib/function.jar': readFileSync(`${folder}/function.jar`) }),
    );
    await deploy(
      house.client,
      'java',
      { README: 'all of it is in the layer' },
      { Runtime: 'java17', Handler: 'example.Doubler', MemorySize: 512, Timeout: 15, Layers: [layer] },
    );
    t.assert.equal(((await answer('java', { n: 21 })) as { twice: number }).twice, 42);
  });

  test('a custom runtime comes from a layer; the function is its handler', async (t: TestContext) => {
    const layer = await publish('shell', {
      bootstrap: `#!/bin/bash
set -euo pipefail
source "$LAMBDA_TASK_ROOT/\${_HANDLER%.*}.sh"
api=\${AWS_LAMBDA_RUNTIME_API/:/\\/}
call() { exec 3<>"/dev/tcp/$api"; printf '%s /2018-06-01/runtime/%s HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n%s' "$1" "$2" "\${#3}" "$3" >&3; answer=$(tr -d '\\r' <&3); exec 3>&-; }
while :; do
  call GET invocation/next ''
  id=$(sed -n 's/^[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: //p' <<<"$answer")
  call POST "invocation/$id/response" "$(\${_HANDLER##*.} "$(tail -n 1 <<<"$answer")")"
done
`,
    });
    await deploy(
      house.client,
      'shell',
      { 'app.sh': `greet() { echo "{\\"got\\":$1}"; }` },
      { Runtime: 'provided.al2023', Handler: 'app.greet', Layers: [layer] },
    );
    t.assert.deepEqual(await answer('shell', [1, 2]), { got: [1, 2] });
  });

  test('five are merged in their order, and a sixth is refused', async (t: TestContext) => {
    const layers = await Promise.all(
      [1, 2, 3, 4, 5].map((n) =>
        publish(`many${n}`, { [`own/${n}.txt`]: `${n}`, 'same.txt': `${n}`, ...(n < 3 ? { 'two.txt': `${n}` } : {}) }),
      ),
    );
    const files = {
      'index.js': `const fs = require('fs'); exports.handler = async () => ({ own: fs.readdirSync('/opt/own'), same: fs.readFileSync('/opt/same.txt', 'utf8'), two: fs.readFileSync('/opt/two.txt', 'utf8') });`,
    };
    await deploy(house.client, 'five', files, { Layers: layers });
    t.assert.deepEqual(await answer('five'), { own: ['1.txt', '2.txt', '3.txt', '4.txt', '5.txt'], same: '5', two: '2' });
    await t.assert.rejects(deploy(house.client, 'six', files, { Layers: [...layers, await publish('many6', { x: '' })] }), {
      name: 'InvalidParameterValueException',
    });
  });

  test('a deleted version serves on where it is in use, and nowhere else', async (t: TestContext) => {
    const layer = await publish('gone', { 'nodejs/node_modules/word/index.js': `module.exports = 'still here';` });
    const files = { 'index.js': `exports.handler = async () => [require('word'), process.env.TURN];` };
    await deploy(house.client, 'user', files, { Layers: [layer] });
    await house.client.send(new DeleteLayerVersionCommand({ LayerName: 'gone', VersionNumber: 1 }));
    // A change brings new environments.
    await house.client.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: 'user', Environment: { Variables: { TURN: '1' } } }),
    );
    await waitUntilFunctionUpdatedV2(
      { client: house.client, maxWaitTime: 30, minDelay: 0.05, maxDelay: 0.2 },
      { FunctionName: 'user' },
    );
    t.assert.deepEqual(await answer('user'), ['still here', '1']);
    const { Version = '' } = await house.client.send(new PublishVersionCommand({ FunctionName: 'user' }));
    t.assert.deepEqual((await invoke(house.client, 'user', {}, { Qualifier: Version })).answer, ['still here', '1']);
    await t.assert.rejects(deploy(house.client, 'late', files, { Layers: [layer] }), {
      name: 'InvalidParameterValueException',
      message: /does not exist/,
    });
  });
});
