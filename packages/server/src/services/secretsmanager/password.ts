import type { Random } from '../../base/index.ts';
import { badParameter } from './vault.ts';

export interface PasswordInput {
  readonly PasswordLength?: number | undefined;
  readonly ExcludeCharacters?: string | undefined;
  readonly ExcludeNumbers?: boolean | undefined;
  readonly ExcludePunctuation?: boolean | undefined;
  readonly ExcludeUppercase?: boolean | undefined;
  readonly ExcludeLowercase?: boolean | undefined;
  readonly IncludeSpace?: boolean | undefined;
  readonly RequireEachIncludedType?: boolean | undefined;
}

const kinds = {
  lower: 'abcdefghijklmnopqrstuvwxyz',
  upper: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  numbers: '0123456789',
  punctuation: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
} as const;

/** A password of chance. @throws InvalidParameterException when nothing is left to make it of */
export function newPassword(input: PasswordInput, random: Random): string {
  const length = input.PasswordLength ?? 32;
  const excluded = new Set(input.ExcludeCharacters ?? '');
  const left = (letters: string): string => [...letters].filter((letter) => !excluded.has(letter)).join('');
  const groups = [
    ...(input.ExcludeLowercase === true ? [] : [left(kinds.lower)]),
    ...(input.ExcludeUppercase === true ? [] : [left(kinds.upper)]),
    ...(input.ExcludeNumbers === true ? [] : [left(kinds.numbers)]),
    ...(input.ExcludePunctuation === true ? [] : [left(kinds.punctuation)]),
    ...(input.IncludeSpace === true ? [left(' ')] : []),
  ].filter((group) => group !== '');
  if (groups.length === 0) throw badParameter('The password length or the excluded characters leave nothing to choose from.');
  const each = input.RequireEachIncludedType !== false;
  if (each && length < groups.length) throw badParameter('The password length is too short for the required types.');
  const letters = [...(each ? groups.map((group) => pick(group, random)) : [])];
  const all = groups.join('');
  while (letters.length < length) letters.push(pick(all, random));
  // Else the first letters would tell their kind.
  for (let index = letters.length - 1; index > 0; index -= 1) {
    const other = below(index + 1, random);
    [letters[index], letters[other]] = [letters[other] as string, letters[index] as string];
  }
  return letters.join('');
}

const pick = (letters: string, random: Random): string => letters[below(letters.length, random)] as string;

/** Evenly spread: what would favour the small numbers is thrown again. */
function below(count: number, random: Random): number {
  const limit = 65_536 - (65_536 % count);
  for (;;) {
    const [high = 0, low = 0] = random.bytes(2);
    const number = high * 256 + low;
    if (number < limit) return number % count;
  }
}
