'use strict';
// Runs a handler that answers at once: async, returning a promise, or with a callback. @source spec 4.2-02

const { RuntimeFault } = require('./errors.cjs');

const neverSettled =
  'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. ' +
  'For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes';

const nodeJsExit = () => new RuntimeFault('NodeJsExit', neverSettled);
const isPromise = (value) => value !== null && typeof value === 'object' && typeof value.then === 'function';
const isAsync = (handler) => handler.constructor !== undefined && handler.constructor.name === 'AsyncFunction';

/** @throws Error in Lambda's words when the value has no JSON */
function stringify(value) {
  try {
    const json = JSON.stringify(value);
    return json === undefined ? 'null' : json;
  } catch {
    throw new Error('Unable to stringify response body');
  }
}

/**
 * @param io.succeed    takes the answer's JSON
 * @param io.fail       takes whatever was thrown
 * @param io.whenEmpty  sets what happens when the event loop has nothing left to do
 */
function invokeBuffered({ handler, modern }, event, context, io) {
  let over = false;
  const once = (act) => (value) => {
    if (over) return;
    over = true;
    // A turn of the loop lets a rejection that nobody handles be seen before the answer is out.
    setImmediate(() => act(value));
  };
  const fail = once(io.fail);
  const succeed = once((value) => {
    let json;
    try {
      json = stringify(value);
    } catch (error) {
      io.fail(error);
      return;
    }
    io.succeed(json);
  });

  if (modern) {
    io.whenEmpty(() => fail(nodeJsExit()));
    new Promise((resolve) => resolve(handler(event, context))).then(succeed, fail);
    return;
  }

  io.whenEmpty(() => (isAsync(handler) ? fail(nodeJsExit()) : succeed(null)));
  const callback = legacyCallback(context, { succeed, fail, whenEmpty: io.whenEmpty });
  try {
    const result = handler(event, context, callback);
    if (isPromise(result)) result.then(succeed, fail);
  } catch (error) {
    fail(error);
  }
}

/** Up to Node.js 22: the callback, and `done`, `succeed`, `fail` of the context. */
function legacyCallback(context, { succeed, fail, whenEmpty }) {
  let waits = true;
  let called = false;
  const first = (act) => (...parameters) => {
    if (called) return;
    called = true;
    act(...parameters);
  };
  const done = first((error, value) => (error === undefined || error === null ? succeed(value) : fail(error)));
  Object.defineProperty(context, 'callbackWaitsForEmptyEventLoop', {
    enumerable: true,
    configurable: true,
    get: () => waits,
    set: (value) => (waits = value),
  });
  context.succeed = (value) => done(null, value);
  context.fail = (error) => done(error === undefined || error === null ? 'handled' : error);
  context.done = done;
  return first((error, value) => {
    if (error !== undefined && error !== null) fail(error);
    else if (waits) whenEmpty(() => succeed(value));
    else succeed(value);
  });
}

module.exports = { invokeBuffered, nodeJsExit };
