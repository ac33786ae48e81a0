import path from 'node:path';
import { built, pythonOf } from './artefacts.ts';

const minor = '3.11';
export const python = pythonOf(minor);
export const pythonMissing: string | false = python === undefined ? `no Python ${minor} with pip on this machine` : false;

/** The SAM CLI and the translator that it brings along. @returns what `PYTHONPATH` must be to find them */
export async function samCli(): Promise<string> {
  const folder = await built(
    'sam-cli',
    async ({ run }) => {
      const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:'];
      await run(python ?? '', [...pip, '--target', 'site', '--requirement', 'requirements.txt']);
    },
    minor,
  );
  return path.join(folder, 'site');
}
