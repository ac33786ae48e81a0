import { access, constants, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { FunctionVersion } from '../control/index.ts';
import { insideImage } from './image-folder.ts';

export type Entrypoint = readonly [string, ...string[]] | { readonly candidates: readonly string[] };

/**
 * What to execute for a function that brings its own runtime: looked for on the host, because the answer
 * must not depend on what a shell inside would say. @source spec 4.2-10
 */
export async function entrypoint(
  version: FunctionVersion,
  inside: { readonly taskRoot: string; readonly optRoot: string },
): Promise<Entrypoint> {
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
  const folder = await extensionsFolder(version);
  if (folder === undefined) return [];
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names: string[] = [];
  for (const entry of entries) {
    if (entry.isFile() && (await executable(path.join(folder, entry.name)))) names.push(entry.name);
  }
  return names.sort();
}

/** Images bring their own. @source spec 1.8-08 */
async function extensionsFolder({ packageType, codeDir, layersDir }: FunctionVersion): Promise<string | undefined> {
  if (packageType === 'Image') return insideImage(codeDir, '/opt/extensions', 'folder');
  return layersDir === undefined ? undefined : path.join(layersDir, 'extensions');
}

const executable = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
