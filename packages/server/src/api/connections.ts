import { readFileSync } from 'node:fs';

const usual = 8_192;

/**
 * How many connections from outside are held at once. Files, boxes and the database need descriptors, too: a
 * server that runs out of them cannot even write down what it has acknowledged, so half of what the process may have is theirs.
 */
export function mostConnections(limits: string | undefined = limitsOfProcess()): number {
  const files = Number(/^Max open files\s+(\d+)/m.exec(limits ?? '')?.[1] ?? Number.NaN);
  return Number.isNaN(files) ? usual : Math.max(64, Math.min(usual, Math.floor(files / 2)));
}

function limitsOfProcess(): string | undefined {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    // Another system; its usual limits are higher.
    return undefined;
  }
}
