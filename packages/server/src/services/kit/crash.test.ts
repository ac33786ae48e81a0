import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openTrio, queueArn, topicQueueArn } from '../../../../../test/kit/neighbours-child.ts';
import { temporaryFolder } from '../../../../../test/kit/server.ts';
import type { SqsPort } from '../sqs/index.ts';

const child = fileURLToPath(new URL('../../../../../test/kit/neighbours-child.ts', import.meta.url));

/** What is in a queue, which is empty afterwards. Waits for what is still on its way until nothing comes. */
async function drained(queues: SqsPort, arn: string): Promise<Set<string>> {
  const bodies = new Set<string>();
  for (;;) {
    const messages = await queues.receive(arn, { max: 100, waitMs: 1000 });
    if (messages.length === 0) return bodies;
    for (const { body } of messages) bodies.add(body);
    await queues.delete(
      arn,
      messages.map(({ receiptHandle }) => receiptHandle),
    );
  }
}

suite('queues, topics and buckets after a crash', { timeout: 60_000 }, () => {
  test('whatever was accepted is there when the server was killed in the middle of it', async (t: TestContext) => {
    using folder = temporaryFolder();
    const accepted = { sent: new Set<string>(), published: new Set<string>(), put: new Set<string>() };
    for (let cycle = 0; cycle < 2; cycle += 1) {
      const server = spawn(process.execPath, [child, folder.path, `cycle-${cycle}`], { stdio: ['ignore', 'pipe', 'inherit'] });
      const closed = once(server, 'close');
      let said = '';
      server.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.length > 4000) server.kill('SIGKILL');
      });
      await closed;
      // The last line may have been cut by the kill.
      for (const line of said.split('\n').slice(0, -1)) {
        const [word, id = ''] = line.split(' ') as [keyof typeof accepted, string];
        accepted[word].add(id);
      }
    }
    for (const ids of Object.values(accepted)) t.assert.ok(ids.size > 5);
    {
      await using trio = await openTrio(folder.path);
      const sent = await drained(trio.sqs.port, queueArn);
      t.assert.deepStrictEqual(
        [...accepted.sent].filter((id) => !sent.has(id)),
        [],
      );
      const published = await drained(trio.sqs.port, topicQueueArn);
      t.assert.deepStrictEqual(
        [...accepted.published].filter((id) => !published.has(id)),
        [],
      );
      for (const id of accepted.put) {
        const pieces: Uint8Array[] = [];
        for await (const piece of (await trio.s3.port.get('bucket', id)).body) pieces.push(piece);
        t.assert.strictEqual(Buffer.concat(pieces).toString(), id.repeat(1000));
      }
    }
    // One file an object, and perhaps the one whose answer the kill swallowed: nothing of what was torn is left.
    const kept = readdirSync(path.join(folder.path, 's3', 'blobs'), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    ).length;
    t.assert.ok(kept - accepted.put.size >= 0 && kept - accepted.put.size <= 2, `${kept} files for ${accepted.put.size} objects`);
    t.assert.deepStrictEqual(readdirSync(path.join(folder.path, 's3', 'tmp')), []);
  });
});
