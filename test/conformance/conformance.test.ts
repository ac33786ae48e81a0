import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { mayfly, RunningServer, temporaryFolder } from '../kit/server.ts';
import { dotnetFunctions, dotnetMissing } from '../runtimes/kit/dotnet.ts';
import { packagedJavas } from '../runtimes/kit/java.ts';
import { play, type Result } from './kit/play.ts';
import { recordings, type Recording } from './kit/stage.ts';
import { listedAsPassing, writeTable } from './kit/table.ts';
import { scenarios } from './scenarios/index.ts';

/** Scenarios played at once. */
const together = 6;

/** Where scenarios find a subnet and a group that are there. */
const network = {
  'vpc-0123456789abcdef0': { subnets: ['subnet-0123456789abcdef0'], securityGroups: { 'sg-0123456789abcdef0': [] } },
};

/** Shows the server what tests bring along: a CLR and two Javas. */
async function withInterpreters(): Promise<void> {
  if (dotnetMissing === false) process.env['DOTNET_ROOT'] ??= path.join(await dotnetFunctions(), 'clr');
  Object.assign(process.env, await packagedJavas());
}

/** Runtimes that this machine runs, or fetches when they are wanted. */
async function runnable(): Promise<ReadonlySet<string>> {
  const { out } = await mayfly(['--json', 'runtimes']);
  const all = JSON.parse(out) as readonly { readonly identifier: string; readonly state: string }[];
  return new Set(all.filter(({ state }) => state === 'ready' || state === 'preparable').map(({ identifier }) => identifier));
}

/** The runtime in a scenario's name: `test_echo_invoke[python3.9]`. */
const runtimeOf = (name: string): string | undefined =>
  name.endsWith('test_java_runtime_with_lib') ? 'java11' : /\[((?:nodejs|python|java|ruby|dotnet)[\w.]+)\]$/.exec(name)?.[1];

suite('answers recorded from AWS', { timeout: 280_000 }, () => {
  test('come from Mayfly too, in every scenario that TABLE.md lists as passing and in no other', async (t: TestContext) => {
    await withInterpreters().catch((error: unknown) => t.diagnostic(String(error)));
    const runtimes = await runnable();
    if (!runtimes.has('python3.12') || !runtimes.has('nodejs24.x'))
      return t.skip('most scenarios call functions of python3.12 and nodejs24.x');
    using folder = temporaryFolder();
    const networks = path.join(folder.path, 'networks.json');
    writeFileSync(networks, JSON.stringify(network));
    const flags = ['--unavailable-runtimes', 'accept', '--log-level', 'error', '--networks', networks];
    await using server = await RunningServer.start(path.join(folder.path, 'data'), flags);
    const only = process.env['MAYFLY_CONFORMANCE_ONLY'];
    const recorded = recordings();
    const wanted = Object.entries(scenarios).filter(([name]) => only === undefined || name.includes(only));
    const results = new Map<string, Result>();
    const cast = wanted.entries();
    const troupe = Array.from({ length: together }, async () => {
      for (const [number, [name, scenario]] of cast) {
        const since = performance.now();
        const result = await play(server.origin, number, name, recorded.get(name) as Recording, scenario);
        const runs = runtimes.has(runtimeOf(name) ?? 'nodejs24.x');
        results.set(name, result.why === '' || runs ? result : { ...result, notHere: true });
        const tookMs = performance.now() - since;
        if (only !== undefined || tookMs > 10_000) t.diagnostic(`${name} took ${Math.round(tookMs)} ms`);
        if (only !== undefined) t.diagnostic(result.why || 'passes');
      }
    });
    await Promise.all(troupe);
    if (only !== undefined) return;
    if (process.env['MAYFLY_CONFORMANCE'] === 'write') writeTable(recorded.keys(), results);
    const passing = [...results.values()].filter(({ why }) => why === '').map(({ name }) => name);
    const listed = listedAsPassing();
    const jailed = server.started.isolation.startsWith('jail');
    const isPossible = (name: string): boolean => results.get(name)?.notHere !== true && (jailed || !name.includes('vpc_config'));
    const lost = [...listed]
      .filter((name) => !passing.includes(name) && isPossible(name))
      .map((name) => `${name}: ${results.get(name)?.why ?? 'is not there'}`);
    t.assert.deepEqual(lost, [], 'scenarios that no longer pass');
    t.assert.deepEqual(
      passing.filter((name) => !listed.has(name)),
      [],
      'scenarios to add to TABLE.md',
    );
  });
});
