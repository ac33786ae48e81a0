import { toAutomaton } from '../../kit/index.ts';
import type { Test } from './boolean.ts';
import type { Scanner } from './scanner.ts';

/**
 * `ERROR "out of memory" -retry`, `?WARN ?ERROR`, `%4\d\d%`. All required words must be there, none of
 * the excluded; optional ones count only when nothing is required.
 */
export function scanTerms(scanner: Scanner): Test<string> {
  const required: Test<string>[] = [];
  const optional: Test<string>[] = [];
  const excluded: Test<string>[] = [];
  for (scanner.skipSpace(); !scanner.done; scanner.skipSpace()) {
    const sign = scanner.peek();
    const signed = (sign === '?' || sign === '-') && /\S/.test(scanner.text[scanner.at + 1] ?? '');
    if (signed) scanner.at += 1;
    (signed ? (sign === '?' ? optional : excluded) : required).push(scanTerm(scanner));
  }
  const wanted: Test<string> =
    required.length > 0 || optional.length === 0
      ? (message) => required.every((test) => test(message))
      : (message) => optional.some((test) => test(message));
  return excluded.length === 0 ? wanted : (message) => wanted(message) && !excluded.some((test) => test(message));
}

function scanTerm(scanner: Scanner): Test<string> {
  if (scanner.peek() === '"') {
    const phrase = scanner.quoted('"');
    return (message) => message.includes(phrase);
  }
  if (scanner.peek() === '%' && scanner.text.indexOf('%', scanner.at + 1) !== -1) {
    const automaton = toAutomaton(scanner.quoted('%'));
    return (message) => automaton.test(message);
  }
  const word = scanner.match(/\S+/y) ?? '';
  return (message) => message.includes(word);
}
