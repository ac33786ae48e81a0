import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

const ownRequire = /\brequire\('\.\/([\w-]+\.cjs)'\)/g;

/**
 * Writes the CommonJS modules of a folder into one file of the name of the first to run, in `target`.
 *
 * Node needs a third of a millisecond to find, read and wrap a file, and a first call waits for ten of ours. Each module stays a
 * function of its own that runs when it is first required; what is required from elsewhere is required as ever.
 *
 * @param entry  name of the module that begins
 */
export async function pack(folder: string, entry: string, target: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.cjs'));
  const modules = await Promise.all(
    names.map(async (name) => {
      const text = await readFile(path.join(folder, name), 'utf8');
      return `${JSON.stringify(name)}(module) {\n${text.replaceAll(ownRequire, (_, other) => `own(${JSON.stringify(other)})`)}},\n`;
    }),
  );
  const text = `'use strict';
const made = Object.create(null);
function own(name) {
  if (made[name] === undefined) modules[name]((made[name] = { exports: {} }));
  return made[name].exports;
}
const modules = {
${modules.join('')}};
own(${JSON.stringify(entry)});
`;
  const file = path.join(target, entry);
  if ((await readFile(file, 'utf8').catch(() => '')) === text) return;
  await mkdir(target, { recursive: true });
  const partial = `${file}.${process.pid}`;
  await writeFile(partial, text);
  await rename(partial, file);
}
