import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Result } from './play.ts';
import { reasons } from './reasons.ts';

const file = path.join(import.meta.dirname, '../TABLE.md');

const heading = `# What Mayfly answers as AWS does

Written by \`MAYFLY_CONFORMANCE=write npm test -- conformance\`; the test fails when a scenario passes that is not listed so, or the other way
round. Each scenario plays calls again whose answers were recorded from AWS (\`recorded/NOTICE\`).

`;

/** The scenarios that the table says pass. */
export const listedAsPassing = (): ReadonlySet<string> =>
  new Set([...readFileSync(file, 'utf8').matchAll(/^\| `([^`]+)` \| passes \|/gm)].map((found) => found[1] ?? ''));

/** @param names  every recorded scenario; those without a result are not written yet */
export function writeTable(names: Iterable<string>, results: ReadonlyMap<string, Result>): void {
  const counts = { passes: 0, differs: 0, 'not written': 0 };
  const rows = [...names].sort().map((name) => {
    const result = results.get(name);
    const state = result === undefined ? 'not written' : result.why === '' ? 'passes' : 'differs';
    counts[state] += 1;
    const why = state === 'passes' ? '' : (reasonFor(name) ?? inOneLine(result?.why ?? ''));
    return `| \`${name}\` | ${state} | ${why} |`;
  });
  const sums = `${counts.passes} pass, ${counts.differs} differ, ${counts['not written']} are not written.\n\n`;
  writeFileSync(file, `${heading}${sums}| scenario | state | why |\n| --- | --- | --- |\n${rows.join('\n')}\n`);
}

const reasonFor = (name: string): string | undefined => reasons.find(([pattern]) => pattern.test(name))?.[1];

const inOneLine = (why: string): string => why.split('\n')[0]?.replaceAll('|', '\\|').slice(0, 300) ?? '';
