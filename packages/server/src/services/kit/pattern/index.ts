export { compilePattern, parsePattern, type Pattern } from './compile.ts';
export { PatternError } from './error.ts';
