import { slow } from '../../runtimes/kit/artefacts.ts';
import { NotHere, Stage, type Recording, type Scenario } from './stage.ts';

export interface Result {
  readonly name: string;
  /** Empty when it passes. */
  readonly why: string;
  /** It was not played: this machine cannot. */
  readonly notHere?: true;
}

/** Longest a scenario may take, in milliseconds; some of those that only run when they are asked for wait for minutes. */
const patienceMs = slow === false ? 240_000 : 120_000;

/** Plays a scenario in a region of its own and says how its answers differ from the recorded ones. */
export async function play(
  origin: string,
  number: number,
  name: string,
  recording: Recording,
  scenario: Scenario,
): Promise<Result> {
  using stage = new Stage({ origin, region: regionOf(number), recording });
  try {
    await within(patienceMs, scenario(stage));
  } catch (error) {
    if (error instanceof NotHere) return { name, why: error.message, notHere: true };
    return { name, why: `stopped: ${error instanceof Error ? error.message : String(error)}` };
  }
  const differences = stage.differences.map(({ answer, at, recorded, ours }) => `${answer}: ${at}: ${told(recorded, ours)}`);
  const left = stage.left.map((answer) => `${answer}: not looked at`);
  return { name, why: [...differences, ...left].join('\n') };
}

/** `us-aab-1`: letters only, so that ARNs with it have the form of AWS's. */
const regionOf = (number: number): string => `us-${number.toString(26).padStart(3, '0').replaceAll(/./g, letter)}-1`;

const letter = (digit: string): string => String.fromCharCode('a'.charCodeAt(0) + Number.parseInt(digit, 26));

async function within(limitMs: number, work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not over after ${limitMs} ms`)), limitMs);
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Long texts from where they part. */
function told(recorded: unknown, ours: unknown): string {
  if (typeof recorded !== 'string' || typeof ours !== 'string' || recorded.includes('<'))
    return `${short(recorded)} recorded, ${short(ours)} here`;
  let from = 0;
  while (from < recorded.length && recorded[from] === ours[from]) from += 1;
  from = Math.max(0, from - 10);
  return `${from > 0 ? '…' : ''}${short(recorded.slice(from))} recorded, ${short(ours.slice(from))} here`;
}

const short = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
};
