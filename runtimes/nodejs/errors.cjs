'use strict';
// How failures are named and shown. @source spec 2.4-01, 4.2-01

const { isNativeError } = require('util').types;

const isError = (value) => value instanceof Error || isNativeError(value);

/** A failure with a name that Lambda gives: `Runtime.ImportModuleError` and its like. */
class RuntimeFault extends Error {
  constructor(name, reason, properties) {
    super(isError(reason) ? String(reason) : reason);
    Object.defineProperty(this, 'name', { value: `Runtime.${name}` });
    // The reason's own stack shows the line of the function that is wrong; ours would show this file.
    const lines = isError(reason) && typeof reason.stack === 'string' ? reason.stack.split('\n') : this.stack.split('\n').slice(1);
    const first = `${this.name}: ${this.message}`;
    const trace = lines.join('\n').startsWith(String(reason)) ? lines.slice(String(reason).split('\n').length) : lines;
    this.stack = [first, ...trace].join('\n');
    Object.assign(this, properties);
  }
}

const unreadable = {
  errorType: 'handled',
  errorMessage: 'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
  trace: [],
};

const text = (value) => (value === undefined ? value : String(value).replace(/\x7f/g, '%7F'));

/** What the caller gets. Anything can be thrown: strings, nothing, objects whose getters throw. */
function describe(error) {
  try {
    if (!isError(error)) return { errorType: typeof error, errorMessage: error === undefined || error === null ? String(error) : error.toString(), trace: [] };
    return { errorType: text(error.name), errorMessage: text(error.message), trace: error.stack === undefined ? [] : text(error.stack).split('\n') };
  } catch {
    return unreadable;
  }
}

/** The same as JSON, whatever it holds. */
function describeJson(error) {
  try {
    return JSON.stringify(describe(error));
  } catch {
    return JSON.stringify(unreadable);
  }
}

const enumerable = (_key, value) => {
  if (!isError(value)) return value;
  const shown = { errorType: value.name, errorMessage: value.message, code: value.code, ...value };
  if (typeof value.stack === 'string') shown.stack = value.stack.split('\n');
  return shown;
};

/** What stands in the log behind `Invoke Error`: with the error's own properties. */
function logged(error) {
  try {
    return `\t${JSON.stringify(isError(error) ? error : new Error(String(error)), enumerable)}`;
  } catch {
    return `\t${describeJson(error)}`;
  }
}

const frameOfStack = /^\s*at (?:(.*) \()?(.*?):(\d+)(?::\d+)?\)?$/;

/** The cause as X-Ray wants it. @source spec 3.2-18 */
function xrayCause(error) {
  try {
    if (!isError(error)) return undefined;
    const stack = [];
    const paths = new Set();
    for (const line of String(error.stack).split('\n').slice(0, 64)) {
      const match = frameOfStack.exec(line);
      if (match === null) continue;
      stack.push({ path: match[2], line: Number(match[3]), label: match[1] || 'anonymous' });
      paths.add(match[2]);
    }
    const exceptions = [{ type: text(error.name), message: text(error.message), stack }];
    return { working_directory: process.cwd(), exceptions, paths: [...paths] };
  } catch {
    return undefined;
  }
}

module.exports = { RuntimeFault, describe, describeJson, isError, logged, xrayCause };
