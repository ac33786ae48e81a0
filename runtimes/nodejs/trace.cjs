'use strict';
// `_X_AMZN_TRACE_ID`, which is another for each invocation.

const variable = '_X_AMZN_TRACE_ID';

/**
 * Makes the variable one of ours. The C library keeps every value that a variable was ever given, for
 * ever, and looks through all of them at the next: a function called a thousand times a second would
 * lose gigabytes a day, and time at every call.
 *
 * Programs that the function starts get it, as they get all of `process.env`; native code that asks
 * the C library does not.
 *
 * @returns sets it; undefined takes it away
 */
function ownTraceVariable() {
  let traceId;
  delete process.env[variable];
  process.env = new Proxy(process.env, {
    get: (env, name) => (name === variable ? traceId : env[name]),
    has: (env, name) => (name === variable ? traceId !== undefined : name in env),
    set(env, name, value) {
      if (name === variable) traceId = String(value);
      else env[name] = value;
      return true;
    },
    deleteProperty(env, name) {
      if (name === variable) traceId = undefined;
      return delete env[name];
    },
    defineProperty(env, name, descriptor) {
      if (name !== variable) return Reflect.defineProperty(env, name, descriptor);
      traceId = String(descriptor.value);
      return true;
    },
    ownKeys: (env) => (traceId === undefined ? Reflect.ownKeys(env) : [...Reflect.ownKeys(env), variable]),
    getOwnPropertyDescriptor(env, name) {
      if (name !== variable) return Reflect.getOwnPropertyDescriptor(env, name);
      return traceId === undefined ? undefined : { value: traceId, writable: true, enumerable: true, configurable: true };
    },
  });
  return (value) => (traceId = value);
}

module.exports = { ownTraceVariable };
