import { closeSync, fsyncSync, openSync, readdirSync } from 'node:fs';
import path from 'node:path';

/**
 * Brings a whole tree to storage. Done some time after it was made, when the kernel has written most of it by
 * itself: to wait for each of ten thousand files at once would keep the function waiting for minutes.
 */
export function settle(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const place = path.join(folder, entry.name);
    if (entry.isDirectory()) settle(place);
    else if (entry.isFile()) sync(place);
  }
  sync(folder);
}

function sync(place: string): void {
  const descriptor = openSync(place, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
