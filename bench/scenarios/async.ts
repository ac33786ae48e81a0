import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { deploy, invoke, lambdaClient } from '../../test/kit/functions.ts';
import { closedLoop } from '../kit/load.ts';
import { Program } from '../kit/programs.ts';
import type { Result, Scenario } from '../kit/scenario.ts';
import { median, summary } from '../kit/stats.ts';
import { eventRequest, invokeRequest } from './warm.ts';

/** Milliseconds of writing half a kilobyte and waiting until it is on the disk. */
function syncsMs(count: number): number[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-bench-sync-'));
  const file = openSync(path.join(folder, 'log'), 'a');
  try {
    const piece = Buffer.alloc(512, 'x');
    return Array.from({ length: count }, () => {
      const startedAt = performance.now();
      writeSync(file, piece);
      fdatasyncSync(file);
      return performance.now() - startedAt;
    });
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
}

/** An event is acknowledged when it is on the disk; many share one wait for it. */
export const asyncEvents: Scenario = {
  name: 'async',
  about: 'durable acknowledgement of events against fdatasync and against warm calls; how fast they are worked off',
  async run({ quick }) {
    const durationMs = quick ? 1500 : 5000;
    await using server = await Program.server();
    const client = lambdaClient(`http://127.0.0.1:${server.port}`);
    await deploy(client, 'events', { 'index.js': 'exports.handler = async (event) => event;' }, { MemorySize: 1769 });
    await invoke(client, 'events');
    const event = eventRequest('events');
    const results: Result[] = [];
    const [acks, syncs, ratios]: [number[], number[], number[]] = [[], [], []];
    for (let turn = 0; turn < (quick ? 3 : 5); turn += 1) {
      const load = await closedLoop({
        port: server.port,
        request: event,
        connections: 1,
        durationMs: durationMs / 2,
        status: 202,
      });
      const beside = syncsMs(300);
      acks.push(...load.latenciesMs);
      syncs.push(...beside);
      ratios.push(median(load.latenciesMs) / median(beside));
    }
    const first = { system: summary(acks), baseline: summary(syncs), baselineName: 'fdatasync of 512 bytes' };
    results.push({ name: 'async acknowledgement, c=1', unit: 'ms', ratio: median(ratios), ratios, ...first });
    const [events, calls]: [number[], number[]] = [[], []];
    for (let turn = 0; turn < (quick ? 2 : 4); turn += 1) {
      const options = { port: server.port, connections: 64, durationMs };
      events.push((await closedLoop({ ...options, request: event, status: 202 })).perSecond);
      await empty(server.port);
      calls.push((await closedLoop({ ...options, request: invokeRequest('events') })).perSecond);
    }
    results.push({
      name: 'async acknowledgements a second, c=64',
      unit: 'per second',
      ratio: median(events) / median(calls),
      system: summary(events),
      baseline: summary(calls),
      baselineName: 'warm calls, c=64',
      notes: 'events are worked off meanwhile, on the same cores',
    });
    const load = await closedLoop({ port: server.port, request: event, connections: 64, durationMs, status: 202 });
    const startedAt = performance.now();
    const left = await queued(server.port);
    await empty(server.port);
    const perSecond = left / ((performance.now() - startedAt) / 1000);
    results.push({
      name: `events worked off, ${left} left of ${load.latenciesMs.length}`,
      unit: 'per second',
      ratio: perSecond / median(calls),
      system: summary([perSecond]),
      baseline: summary(calls),
      baselineName: 'warm calls, c=64',
    });
    client.destroy();
    return results;
  },
};

/** Events that wait or run, as the server's metrics say it. */
async function queued(port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/_mayfly/status`);
  const { environments } = (await answer.json()) as { readonly environments: { readonly queuedEvents: number } };
  return environments.queuedEvents;
}

async function empty(port: number): Promise<void> {
  while ((await queued(port)) > 0) await pause(50);
}
