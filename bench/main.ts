import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { cores, machineFacts, pinGenerator } from './kit/machine.ts';
import type { Result, Scenario } from './kit/scenario.ts';
import { asyncEvents } from './scenarios/async.ts';
import { burst } from './scenarios/burst.ts';
import { cold } from './scenarios/cold.ts';
import { density } from './scenarios/density.ts';
import { events } from './scenarios/events.ts';
import { keepAlive } from './scenarios/keep-alive.ts';
import { neighbour } from './scenarios/neighbour.ts';
import { openLoopLatency } from './scenarios/open-loop.ts';
import { packages } from './scenarios/packages.ts';
import { peers } from './scenarios/peers.ts';
import { queues } from './scenarios/queues.ts';
import { runtimeApi } from './scenarios/runtime-api.ts';
import { streaming } from './scenarios/streaming.ts';
import { warm } from './scenarios/warm.ts';

const scenarios: readonly Scenario[] = [
  warm,
  openLoopLatency,
  runtimeApi,
  cold,
  packages,
  burst,
  neighbour,
  density,
  asyncEvents,
  streaming,
  events,
  queues,
  peers,
  keepAlive,
];

const { values: flags, positionals: wanted } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, json: { type: 'string' }, help: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const unknown = wanted.filter((name) => !scenarios.some((scenario) => scenario.name === name));
if (flags.help || unknown.length > 0) {
  if (unknown.length > 0) process.stderr.write(`There is no scenario ${unknown.join(', ')}.\n`);
  process.stdout.write('npm run bench -- [--quick] [--json FILE] [SCENARIO…]\n');
  for (const { name, about } of scenarios) process.stdout.write(`  ${name.padEnd(12)} ${about}\n`);
  process.exit(unknown.length > 0 ? 2 : 0);
}

const facts = { ...machineFacts(), cores: { ...cores } };
pinGenerator();
process.stdout.write(`${JSON.stringify(facts)}\n`);
const all: Record<string, readonly Result[]> = {};
for (const scenario of scenarios) {
  if (wanted.length > 0 && !wanted.includes(scenario.name)) continue;
  const results = await scenario.run({ quick: flags.quick });
  all[scenario.name] = results;
  for (const result of results) process.stdout.write(`${line(result)}\n`);
}
if (flags.json !== undefined) {
  mkdirSync(path.dirname(path.resolve(flags.json)), { recursive: true });
  writeFileSync(flags.json, JSON.stringify({ facts, quick: flags.quick, results: all }, null, 2) + '\n');
}

function line({ name, unit, ratio, ratios, system, baseline, baselineName, parts = {} }: Result): string {
  const figure = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(3));
  const spread = ratios === undefined ? '' : ` (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`;
  const compared = baseline === undefined ? '' : `  ${baselineName} ${figure(baseline.p50)}`;
  const of = Object.entries(parts)
    .filter(([, part]) => part >= system.p50 / 100)
    .toSorted(([, a], [, b]) => b - a)
    .map(([part, value]) => `\n  ${figure(value).padStart(8)} ${part}`)
    .join('');
  return `${name.padEnd(52)} ${ratio === undefined ? ''.padEnd(8) : `${ratio.toFixed(2)} ×${spread}`}  p50 ${figure(system.p50)} p90 ${figure(system.p90)} p99 ${figure(system.p99)} ${unit}${compared}${of}`;
}
