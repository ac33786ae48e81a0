export { compilePattern, parsePattern, type Pattern } from './compile.ts';
export { PatternError, sourceOf } from './error.ts';
