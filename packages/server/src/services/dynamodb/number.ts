import { invalid } from './faults.ts';

/** A decimal as DynamoDB keeps it: `sign × 0.digits × 10^exponent`, no zeros at either end of the digits; zero has none. */
export interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

const mostDigits = 38;
const zero: Decimal = { negative: false, digits: '', exponent: 0 };

/**
 * Reads a number. @source Amazon DynamoDB Developer Guide, "Data types": up to 38 digits, 1E-130 to 9.99…E+125
 *
 * @throws ValidationException in DynamoDB's words
 */
export function parseNumber(text: string): Decimal {
  const match = text.length > 400 ? null : /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?\s*$/.exec(text);
  const [, sign, whole = '', fraction = '', power = '0'] = match ?? [];
  if (match === null || whole.length + fraction.length === 0) {
    throw invalid(
      text === ''
        ? 'The parameter cannot be converted to a numeric value'
        : `The parameter cannot be converted to a numeric value: ${text.slice(0, 400)}`,
    );
  }
  return checked(normal(sign === '-', whole + fraction, whole.length + Number(power)));
}

function normal(negative: boolean, digits: string, exponent: number): Decimal {
  let from = 0;
  while (digits[from] === '0') from += 1;
  let to = digits.length;
  while (to > from && digits[to - 1] === '0') to -= 1;
  return from === to ? zero : { negative, digits: digits.slice(from, to), exponent: exponent - from };
}

function checked(number: Decimal): Decimal {
  if (number.digits === '') return number;
  if (number.exponent > 126) {
    throw invalid('Number overflow. Attempting to store a number with magnitude larger than supported range');
  }
  if (number.exponent < -129) {
    throw invalid('Number underflow. Attempting to store a number with magnitude smaller than supported range');
  }
  if (number.digits.length > mostDigits) throw invalid('Attempting to store more than 38 significant digits in a Number');
  return number;
}

/** As DynamoDB prints it: no exponent, no superfluous zeros. */
export function printNumber({ negative, digits, exponent }: Decimal): string {
  if (digits === '') return '0';
  const sign = negative ? '-' : '';
  if (exponent <= 0) return `${sign}0.${'0'.repeat(-exponent)}${digits}`;
  if (exponent >= digits.length) return sign + digits + '0'.repeat(exponent - digits.length);
  return `${sign}${digits.slice(0, exponent)}.${digits.slice(exponent)}`;
}

/** The one way to write this number: `1.0` and `1e0` are both `1`. */
export const canonicalNumber = (text: string): string => printNumber(parseNumber(text));

export function compareNumbers(a: Decimal, b: Decimal): number {
  const signs = signOf(a) - signOf(b);
  if (signs !== 0) return signs;
  const size = a.exponent - b.exponent || (a.digits < b.digits ? -1 : a.digits > b.digits ? 1 : 0);
  return a.negative ? -size : size;
}

const signOf = (number: Decimal): number => (number.digits === '' ? 0 : number.negative ? -1 : 1);

/** Exact sum. @throws ValidationException when it does not fit */
export function add(a: Decimal, b: Decimal): Decimal {
  if (a.digits === '') return b;
  if (b.digits === '') return a;
  const scale = Math.min(a.exponent - a.digits.length, b.exponent - b.digits.length);
  const sum = scaled(a, scale) + scaled(b, scale);
  const text = (sum < 0n ? -sum : sum).toString();
  return checked(normal(sum < 0n, text, text.length + scale));
}

export const negate = (number: Decimal): Decimal => (number.digits === '' ? number : { ...number, negative: !number.negative });

function scaled({ negative, digits, exponent }: Decimal, scale: number): bigint {
  const value = BigInt(digits + '0'.repeat(exponent - digits.length - scale));
  return negative ? -value : value;
}

/** Bytes a number takes. @source Developer Guide, "DynamoDB item sizes": about one byte per two digits, and one */
export function numberSize(text: string): number {
  const { digits, exponent, negative } = parseNumber(text);
  if (digits === '') return 1;
  // Digits are kept in pairs, so an odd exponent moves them by one.
  const moved = digits.length + (((exponent % 2) + 2) % 2);
  return Math.ceil(moved / 2) + 1 + (negative ? 1 : 0);
}
