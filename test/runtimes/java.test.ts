import { readFileSync } from 'node:fs';
import { after, before, suite, test, type TestContext } from 'node:test';
import { CreateFunctionUrlConfigCommand } from '@aws-sdk/client-lambda';
import { deploy, invoke } from '../kit/functions.ts';
import { built, missing, zipFolders } from './kit/artefacts.ts';
import { openHouse, type House } from './kit/house.ts';
import { javaFunction } from './kit/java.ts';

type Told = Readonly<Record<string, unknown>>;

suite('Java 17: aws-lambda-java-core and -events on java17', { timeout: 280_000, skip: missing('javac', 'mvn') }, () => {
  let house: House;

  before(async () => {
    const folder = await javaFunction();
    house = await openHouse();
    const zipped = await zipFolders({ '': `${folder}/classes`, 'lib/': `${folder}/lib` });
    const one = readFileSync(`${folder}/all.jar`);
    const put = (name: string, ZipFile: Uint8Array, Handler: string) =>
      deploy(
        house.client,
        name,
        {},
        {
          Runtime: 'java17',
          Handler,
          Timeout: 15,
          MemorySize: 512,
          SnapStart: { ApplyOn: 'PublishedVersions' },
          Code: { ZipFile },
        },
      );
    await put('doubler', zipped, 'example.Doubler::handleRequest');
    await put('shaded', one, 'example.Doubler');
    await put('web', one, 'example.Web');
    await put('queue', zipped, 'example.Web::queue');
    await put('copy', one, 'example.Web$Copy::handleRequest');
  });
  after(() => house?.[Symbol.asyncDispose]());

  test('beans in and out; the JVM stands in the code with a heap after its memory', async (t: TestContext) => {
    const { answer, log } = await invoke(house.client, 'doubler', { n: 21, names: ['Ada', 'Bob'], unknown: true });
    const { twice, told } = answer as { twice: number; told: Told };
    const { requestId, leftMs, java, heapMiB, ...rest } = told;
    t.assert.equal(twice, 42);
    t.assert.deepEqual(rest, {
      arn: 'arn:aws:lambda:us-east-1:000000000000:function:doubler',
      memoryMiB: 512,
      folder: '/var/task',
      // It registers hooks for SnapStart, and no snapshot is taken.
      snapshots: 'none',
    });
    t.assert.match(String(java), /^17\./);
    t.assert.ok(Number(heapMiB) > 400 && Number(heapMiB) < 440, String(heapMiB));
    t.assert.ok(Number(leftMs) > 5000 && Number(leftMs) <= 15_000, String(leftMs));
    t.assert.match(log, new RegExp(`START RequestId: ${String(requestId)} [^]*^names \\[Ada, Bob\\]$`, 'm'));
  });

  test('one jar with everything in it, and a handler named by its class alone', async (t: TestContext) => {
    const { answer } = await invoke(house.client, 'shaded', { n: 4 });
    t.assert.equal((answer as { twice: number }).twice, 8);
  });

  test('an exception is the answer, with its type and its stack', async (t: TestContext) => {
    const { error, answer } = await invoke(house.client, 'doubler', { fail: 'error' });
    const { stackTrace, ...told } = answer as { stackTrace: readonly string[] };
    t.assert.deepEqual(
      [error, told],
      ['Unhandled', { errorMessage: 'it did not work', errorType: 'java.lang.IllegalStateException' }],
    );
    t.assert.match(stackTrace[0] ?? '', /^example\.Doubler\.handleRequest\(Doubler\.java:\d+\)$/);
  });

  test('a full heap is an OutOfMemoryError, and not a killed process', async (t: TestContext) => {
    const { error, answer } = await invoke(house.client, 'doubler', { fail: 'memory' });
    t.assert.deepEqual([error, (answer as { errorType: string }).errorType], ['Unhandled', 'java.lang.OutOfMemoryError']);
    t.assert.equal(((await invoke(house.client, 'doubler', { n: 1 })).answer as { twice: number }).twice, 2);
  });

  test('the events of API Gateway, behind a function URL', async (t: TestContext) => {
    const { FunctionUrl = '' } = await house.client.send(
      new CreateFunctionUrlConfigCommand({ FunctionName: 'web', AuthType: 'NONE' }),
    );
    const response = await fetch(`${FunctionUrl}a/b?x=1`, { method: 'POST', body: 'hello', headers: { 'x-agent': 'Ada' } });
    t.assert.deepEqual(
      [response.status, response.headers.get('content-type'), response.headers.get('x-agent'), await response.text()],
      [201, 'text/plain', 'Ada', 'POST /a/b {x=1}'],
    );
  });

  test('the events of a queue, with a partial answer, in a method of its own', async (t: TestContext) => {
    const record = (messageId: string, body: string) => ({
      messageId,
      body,
      receiptHandle: 'r',
      attributes: { SentTimestamp: '1' },
      messageAttributes: {},
      eventSource: 'aws:sqs',
    });
    const { answer } = await invoke(house.client, 'queue', { Records: [record('1', 'good'), record('2', 'bad')] });
    t.assert.deepEqual(answer, { batchItemFailures: [{ itemIdentifier: '2' }] });
  });

  test('a stream handler gets the bytes as they are', async (t: TestContext) => {
    t.assert.deepEqual((await invoke(house.client, 'copy', { 'a key': [1.5, null, 'ü'] })).answer, { 'a key': [1.5, null, 'ü'] });
  });
});

suite("Java: AWS's runtime interface client on provided.al2023", { timeout: 280_000, skip: missing('javac', 'mvn') }, () => {
  let house: House;

  before(async () => {
    const folder = await built('java-ric', async ({ run }) => {
      await run('mvn', ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=lib']);
      await run('javac', ['-cp', 'lib/*', '-d', 'classes', 'src/example/Handler.java']);
    });
    house = await openHouse();
    const ZipFile = await zipFolders(
      { '': `${folder}/classes`, 'lib/': `${folder}/lib` },
      { bootstrap: readFileSync(`${folder}/bootstrap`, 'utf8') },
    );
    await deploy(
      house.client,
      'ric',
      {},
      { Runtime: 'provided.al2023', Handler: 'example.Handler::handleRequest', Timeout: 15, MemorySize: 512, Code: { ZipFile } },
    );
  });
  after(() => house?.[Symbol.asyncDispose]());

  test('answers, logs and fails as on Lambda', async (t: TestContext) => {
    const { answer, log } = await invoke(house.client, 'ric', { n: 21 });
    const { twice, requestId } = answer as Told;
    t.assert.equal(twice, 42);
    t.assert.match(log, new RegExp(`^START RequestId: ${String(requestId)} [^]*^got \\{n=21\\}`, 'm'));
    const failed = await invoke(house.client, 'ric', { n: 1, fail: true });
    const { errorType, errorMessage } = failed.answer as Told;
    t.assert.deepEqual(
      [failed.error, errorType, errorMessage],
      ['Unhandled', 'java.lang.IllegalStateException', 'it did not work'],
    );
  });
});
