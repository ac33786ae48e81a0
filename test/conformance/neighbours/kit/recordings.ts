import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Recording } from '../../kit/stage.ts';

const folder = path.join(import.meta.dirname, '../../recorded');

/** Every recorded scenario of the neighbours, as `sqs/TestSqsProvider.test_…`. */
export function recordings(): ReadonlyMap<string, Recording> {
  const all = new Map<string, Recording>();
  for (const service of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    for (const file of readdirSync(path.join(folder, service.name))
      .filter((name) => name.endsWith('.json'))
      .sort()) {
      const scenarios = JSON.parse(readFileSync(path.join(folder, service.name, file), 'utf8')) as Record<string, Recording>;
      for (const [title, recording] of Object.entries(scenarios)) {
        const name = `${service.name}/${title}`;
        if (all.has(name)) throw new Error(`Two recordings are called ${name}.`);
        all.set(name, recording);
      }
    }
  }
  return all;
}
