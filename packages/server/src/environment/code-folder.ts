import { access, constants, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { FunctionVersion } from '../control/index.ts';

export type Entrypoint = readonly [string, ...string[]] | { readonly candidates: readonly string[] };

/**
 * What to execute for a function that brings its own runtime: looked for on the host, because the answer
 * must not depend on what a shell inside would say. @source spec 4.2-10, 4.2-11
 */
export async function entrypoint(
  version: FunctionVersion,
  inside: { readonly taskRoot: string; readonly optRoot: string },
): Promise<Entrypoint> {
  if (version.packageType === 'Image') {
    const [program, ...rest] = [...(version.imageConfig?.entryPoint ?? []), ...(version.imageConfig?.command ?? [])];
    return program === undefined ? { candidates: [] } : [program, ...rest];
  }
  const candidates = [
    [inside.taskRoot, version.codeDir],
    [inside.optRoot, version.layersDir],
  ] as const;
  for (const [root, folder] of candidates) {
    if (folder !== undefined && (await executable(path.join(folder, 'bootstrap')))) return [`${root}/bootstrap`];
  }
  return { candidates: ['/var/task/bootstrap', '/opt/bootstrap'] };
}

/** Names of the programs in `/opt/extensions`, without looking deeper. @source spec 3.4-01 */
export async function externalExtensions(version: FunctionVersion): Promise<readonly string[]> {
  if (version.layersDir === undefined) return [];
  const folder = path.join(version.layersDir, 'extensions');
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names: string[] = [];
  for (const entry of entries) {
    if (entry.isFile() && (await executable(path.join(folder, entry.name)))) names.push(entry.name);
  }
  return names.sort();
}

const executable = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
