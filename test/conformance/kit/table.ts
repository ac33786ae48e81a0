import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Result } from './play.ts';
import { reasons } from './reasons.ts';

export type Reasons = readonly (readonly [pattern: RegExp, why: string])[];

/** A list of scenarios, kept beside the tests: which pass, and why others do not. */
export interface Table {
  readonly file: string;
  /** The part of the tests that writes it. */
  readonly writtenBy: string;
  readonly reasons: Reasons;
}

const lambda: Table = { file: path.join(import.meta.dirname, '../TABLE.md'), writtenBy: 'conformance', reasons };

const headingOf = ({ writtenBy }: Table): string => `# What Mayfly answers as AWS does

Written by \`MAYFLY_CONFORMANCE=write npm test -- ${writtenBy}\`; the test fails when a scenario passes that is not listed so, or the other way
round. Each scenario plays calls again whose answers were recorded from AWS (\`recorded/NOTICE\`).

`;

/** The scenarios that the table says pass. */
export const listedAsPassing = ({ file }: Table = lambda): ReadonlySet<string> =>
  new Set([...readFileSync(file, 'utf8').matchAll(/^\| `([^`]+)` \| passes \|/gm)].map((found) => found[1] ?? ''));

/** @param names  every recorded scenario; those without a result are not written yet */
export function writeTable(names: Iterable<string>, results: ReadonlyMap<string, Result>, table: Table = lambda): void {
  const counts = { passes: 0, differs: 0, 'not written': 0 };
  const listed = listedAsPassing(table);
  const rows = [...names].sort().map((name) => {
    const result = results.get(name);
    const state = stateOf(result, listed.has(name));
    counts[state] += 1;
    const why = state === 'passes' ? '' : (reasonFor(name, table) ?? inOneLine(result?.why ?? ''));
    return `| \`${name}\` | ${state} | ${why} |`;
  });
  const sums = `${counts.passes} pass, ${counts.differs} differ, ${counts['not written']} are not written.\n\n`;
  writeFileSync(table.file, `${headingOf(table)}${sums}| scenario | state | why |\n| --- | --- | --- |\n${rows.join('\n')}\n`);
}

/** What this machine cannot play stays as another has listed it. */
const stateOf = (result: Result | undefined, wasPassing: boolean): 'passes' | 'differs' | 'not written' => {
  if (result === undefined) return 'not written';
  if (result.notHere) return wasPassing ? 'passes' : 'not written';
  return result.why === '' ? 'passes' : 'differs';
};

const reasonFor = (name: string, table: Table): string | undefined => table.reasons.find(([pattern]) => pattern.test(name))?.[1];

const inOneLine = (why: string): string => why.split('\n')[0]?.replaceAll('|', '\\|').slice(0, 300) ?? '';
