import { deploy, lambdaClient } from '../../test/kit/functions.ts';
import { Connection } from '../kit/connection.ts';
import { mustBeGood } from '../kit/load.ts';
import { Program, timeOf } from '../kit/programs.ts';
import type { Result, Scenario } from '../kit/scenario.ts';
import { median, summary } from '../kit/stats.ts';
import { invokeRequest } from './warm.ts';

const handler = 'exports.handler = () => new Promise((resolve) => setTimeout(resolve, 100, "done"));';
const bare = [process.execPath, '-e', 'setTimeout(() => {}, 100)'];

/** Many callers at once where there was none: how long until the last one has its answer. */
export const burst: Scenario = {
  name: 'burst',
  about: 'from nothing to 10, 50, 200 calls of 100 ms at once, no pool, against as many interpreters started at once',
  async run({ quick }) {
    const results: Result[] = [];
    for (const count of quick ? [10, 50] : [10, 50, 200]) {
      const [ours, theirs]: [number[], number[]] = [[], []];
      for (let turn = 0; turn < (quick ? 2 : 3); turn += 1) {
        await using server = await Program.server(['--pool-size', '0']);
        const client = lambdaClient(`http://127.0.0.1:${server.port}`);
        await deploy(client, 'burst', { 'index.js': handler }, { Timeout: 120 });
        client.destroy();
        const connections = await Promise.all(Array.from({ length: count }, () => Connection.open(server.port)));
        const sentAt = performance.now();
        const answers = await Promise.all(connections.map((connection) => connection.ask(invokeRequest('burst'))));
        ours.push(performance.now() - sentAt);
        for (const connection of connections) connection[Symbol.dispose]();
        for (const answer of answers) mustBeGood(answer);
        const startedAt = performance.now();
        await Promise.all(Array.from({ length: count }, () => timeOf(bare)));
        theirs.push(performance.now() - startedAt);
      }
      results.push({
        name: `burst 0 to ${count}, the last answer`,
        unit: 'ms',
        ratio: median(ours) / median(theirs),
        ratios: ours.map((each, at) => each / theirs[at]!),
        system: summary(ours),
        baseline: summary(theirs),
        baselineName: `${count} × node -e setTimeout`,
        notes: 'environments that are freed serve callers who still wait, so that fewer may be started',
      });
    }
    return results;
  },
};
