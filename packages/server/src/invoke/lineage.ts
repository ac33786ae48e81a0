import { createHash } from 'node:crypto';
import type { FunctionVersion } from '../control/index.ts';

/** From this many turns of one function in one chain of calls, it is a loop. @source spec 2.10-02 */
export const mostTurns = 16;
/** A chain of more functions forgets its oldest. */
const mostEntries = 16;

const field = /;?Lineage=([0-9a-f:|]*)/;
const entry = /^\d+:([0-9a-f]{8}):(\d{1,5})$/;

type Named = Pick<FunctionVersion, 'functionArn'>;

/** Eight digits that stand for a function in a header. */
const digests = new WeakMap<Named, string>();
function digestOf(version: Named): string {
  let digest = digests.get(version);
  if (digest === undefined) {
    digest = createHash('sha256').update(version.functionArn).digest('hex').slice(0, 8);
    digests.set(version, digest);
  }
  return digest;
}

export interface Turn {
  /** Invocations of this function in the chain, this one included. */
  readonly turns: number;
  /** The trace to pass on: with this turn in it. */
  readonly traceId: string;
}

/**
 * One more turn of a function in the chain that the trace header tells of: `Lineage=1:<function>:<turns before>`,
 * several joined by `|`. Whoever cuts the field out of the header has left the chain, as on AWS. @source spec 2.10-01
 */
export function nextTurn(traceId: string, version: Named): Turn {
  const digest = digestOf(version);
  if (!traceId.includes('Lineage=')) return { turns: 1, traceId: `${traceId};Lineage=1:${digest}:0` };
  const entries = (field.exec(traceId)?.[1] ?? '').split('|').flatMap((text) => {
    const [, of = '', before = ''] = entry.exec(text) ?? [];
    return of === '' ? [] : [{ of, before: Number(before) }];
  });
  const own = entries.find(({ of }) => of === digest);
  const before = own === undefined ? 0 : own.before + 1;
  const others = entries.filter(({ of }) => of !== digest).slice(1 - mostEntries);
  const lineage = [...others, { of: digest, before }].map((each) => `1:${each.of}:${each.before}`).join('|');
  return { turns: before + 1, traceId: `${traceId.replace(field, '')};Lineage=${lineage}` };
}
