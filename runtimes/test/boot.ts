// Boot times of the bootstraps on this machine, outside a box: node runtimes/test/boot.ts [rounds] [identifier …]
import { Bootstrap } from './bootstrap.ts';
import { interpreter } from './interpreters.ts';

const functions: Readonly<Record<string, { readonly handler: string; readonly files: Readonly<Record<string, string>> }>> = {
  nodejs: { handler: 'index.handler', files: { 'index.js': 'exports.handler = async (event) => event;' } },
  python: { handler: 'app.handler', files: { 'app.py': 'def handler(event, context):\n  return event\n' } },
  ruby: { handler: 'app.handler', files: { 'app.rb': 'def handler(event:, context:) = event\n' } },
};

const [rounds = '20', ...wanted] = process.argv.slice(2);
for (const identifier of wanted.length === 0 ? ['nodejs24.x', 'nodejs22.x', 'python3.13', 'python3.12', 'python3.11'] : wanted) {
  const found = await interpreter(identifier);
  const subject = functions[/^[a-z]+/.exec(identifier)![0]];
  if (typeof found === 'string' || subject === undefined) {
    console.log(`${identifier}: ${typeof found === 'string' ? found : 'no function to boot with'}`);
    continue;
  }
  const times: Record<'hello' | 'ready' | 'first' | 'warm', number[]> = { hello: [], ready: [], first: [], warm: [] };
  for (let round = 0; round < Number(rounds); round += 1) {
    let at = performance.now();
    const lap = (name: keyof typeof times): void => {
      const now = performance.now();
      times[name].push(now - at);
      at = now;
    };
    await using bootstrap = await Bootstrap.start({ ...found, files: subject.files });
    await bootstrap.hello;
    lap('hello');
    // In a pool it has been waiting for long: what it does after its hello is done.
    await new Promise((resolve) => setTimeout(resolve, 100));
    at = performance.now();
    await bootstrap.init(subject.handler);
    lap('ready');
    await bootstrap.invoke({});
    lap('first');
    for (let warm = 0; warm < 200; warm += 1) await bootstrap.invoke({});
    at = performance.now();
    await bootstrap.invoke({});
    lap('warm');
  }
  const row = Object.entries(times).map(([name, values]) => {
    values.sort((left, right) => left - right);
    return `${name} ${values[values.length >> 1]!.toFixed(2)} (p90 ${values[Math.floor(values.length * 0.9)]!.toFixed(2)})`;
  });
  console.log(`${identifier.padEnd(12)} ${row.join('  ')} ms`);
}
