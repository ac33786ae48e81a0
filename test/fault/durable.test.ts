import { readFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { GetDurableExecutionCommand, InvokeCommand } from '@aws-sdk/client-lambda';
import { deploy, lambdaClient } from '../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { inParallel, pause, seeded, seedOf, slow } from './load.ts';

const executions = slow ? 100 : 12;
const kills = slow ? 20 : 4;
const steps = 5;
const waitMs = 1000;

/** Steps and waits by hand; writes each down before it runs and when it is kept, in a file that no crash of ours can take back. */
const walking = `
  const { appendFileSync } = require('node:fs');
  const { CheckpointDurableExecutionCommand, LambdaClient } = require('@aws-sdk/client-lambda');
  const client = new LambdaClient({ maxAttempts: 1 });
  const note = (...words) => appendFileSync(process.env.NOTES, words.join(' ') + ' ' + Date.now() + '\\n');
  exports.handler = async ({ DurableExecutionArn, CheckpointToken, InitialExecutionState: { Operations } }) => {
    const { id } = JSON.parse(Operations[0].ExecutionDetails.InputPayload);
    const statusOf = (name) => Operations.find(({ Id }) => Id === name)?.Status;
    let token = CheckpointToken;
    const checkpoint = async (...Updates) => {
      const answer = await client.send(new CheckpointDurableExecutionCommand({ DurableExecutionArn, CheckpointToken: token, Updates }));
      token = answer.CheckpointToken;
    };
    for (let step = 0; step < ${steps}; step += 1) {
      if (statusOf('step-' + step) !== 'SUCCEEDED') {
        note('run', id, step);
        await checkpoint({ Id: 'step-' + step, Type: 'STEP', Action: 'SUCCEED', Payload: String(step) });
        note('kept', id, step);
      }
      if (statusOf('wait-' + step) === 'SUCCEEDED') continue;
      if (statusOf('wait-' + step) === undefined)
        await checkpoint({ Id: 'wait-' + step, Type: 'WAIT', Action: 'START', WaitOptions: { WaitSeconds: ${waitMs / 1000} } });
      return { Status: 'PENDING' };
    }
    return { Status: 'SUCCEEDED', Result: JSON.stringify(id) };
  };`;

suite('durable executions in a server that is killed', { timeout: 280_000 }, () => {
  test(`${executions} executions × ${kills} kills at random moments: all come to their ends, no step that was kept runs again, no wait is short`, async (t: TestContext) => {
    const seed = seedOf();
    t.diagnostic(`seed ${seed}`);
    const chance = seeded(seed);
    using folder = temporaryFolder();
    const notes = path.join(folder.path, 'notes');
    const dataDir = path.join(folder.path, 'data');
    const flags = ['--isolation', 'none'];
    let server = await RunningServer.start(dataDir, flags);
    let client = lambdaClient(server.origin);
    try {
      await deploy(
        client,
        'walking',
        { 'index.js': walking },
        { Environment: { Variables: { NOTES: notes } }, Timeout: 60, MemorySize: 512, DurableConfig: { ExecutionTimeout: 3600 } },
      );
      const acknowledged = new Map<number, string>();
      let next = 0;
      const begin = async (): Promise<void> => {
        const id = next++;
        const Payload = Buffer.from(JSON.stringify({ id }));
        const request = new InvokeCommand({ FunctionName: 'walking', Qualifier: '$LATEST', InvocationType: 'Event', Payload });
        const answer = await client.send(request).catch(() => undefined);
        if (answer?.DurableExecutionArn !== undefined) acknowledged.set(id, answer.DurableExecutionArn);
      };
      for (let kill = 0; kill < kills; kill += 1) {
        // Some are on their way when it dies.
        const beginning = inParallel(executions / kills, 4, begin);
        await pause(chance() * 2000);
        await server.stop('SIGKILL');
        await beginning;
        client.destroy();
        server = await RunningServer.start(dataDir, flags);
        client = lambdaClient(server.origin);
      }
      await inParallel(1, 1, begin);
      for (const [id, DurableExecutionArn] of acknowledged) {
        for (;;) {
          const { Status: status, Result: result } = await client.send(new GetDurableExecutionCommand({ DurableExecutionArn }));
          if (status !== 'RUNNING') {
            t.assert.deepStrictEqual([status, result], ['SUCCEEDED', String(id)]);
            break;
          }
          await pause(50);
        }
      }
      t.assert.ok(acknowledged.size > 0);

      const keptAt = new Map<string, number>();
      let repeated = 0;
      const begun = new Set<string>();
      for (const line of readFileSync(notes, 'utf8').trimEnd().split('\n')) {
        const [word = '', id = '', step = '', at = ''] = line.split(' ');
        const key = `${id}/${step}`;
        if (word === 'kept') keptAt.set(key, Number(at));
        if (word !== 'run') continue;
        t.assert.ok(!keptAt.has(key), `step ${key} was kept, and ran again`);
        if (begun.has(key)) repeated += 1;
        begun.add(key);
        const before = keptAt.get(`${id}/${Number(step) - 1}`);
        if (before !== undefined)
          t.assert.ok(Number(at) - before >= waitMs, `the wait before ${key} took ${Number(at) - before} ms`);
      }
      t.diagnostic(`${acknowledged.size} acknowledged, ${repeated} steps cut short and run again`);
    } finally {
      client.destroy();
      await server.stop('SIGKILL');
    }
  });
});
