import { readFileSync } from 'node:fs';
import path from 'node:path';
import { built, missing } from './artefacts.ts';

export const goMissing = missing('go');

/** The program of `functions/go`, with AWS's library for Go in it. */
export async function goBootstrap(): Promise<Uint8Array> {
  const folder = await built('go', async ({ run }) => {
    await run('go', ['build', '-trimpath', '-tags', 'lambda.norpc', '-ldflags=-s -w', '-o', 'bootstrap', '.'], {
      CGO_ENABLED: '0',
    });
  });
  return readFileSync(path.join(folder, 'bootstrap'));
}
