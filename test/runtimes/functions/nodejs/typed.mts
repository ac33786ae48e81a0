// Compiled to an ECMAScript module; waits at its top level.
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

interface Order {
  readonly n: number;
}

const settings = JSON.parse(await readFile(new URL('settings.json', import.meta.url), 'utf8')) as { readonly factor: number };
const waited: string = await setTimeout(20, 'waited');

export const handler = async ({ n }: Order): Promise<{ readonly result: number; readonly waited: string }> => ({
  result: n * settings.factor,
  waited,
});
