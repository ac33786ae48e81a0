'use strict';
// `console` in Lambda's two formats, each call one log event. @source spec 4.2-13, 5.2-03

const { format } = require('util');
const { isError, logged } = require('./errors.cjs');

const order = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const methods = { trace: 'TRACE', debug: 'DEBUG', info: 'INFO', log: 'INFO', warn: 'WARN', error: 'ERROR', fatal: 'FATAL' };

const stackOf = (error) => (typeof error.stack === 'string' ? error.stack.split('\n') : []);
const typeOf = (error) => (error.constructor && error.constructor.name) || 'UnknownError';
const errorsAsObjects = (_key, value) =>
  isError(value) ? { errorType: typeOf(value), errorMessage: value.message, stackTrace: stackOf(value), ...value } : value;

function asText(timestamp, { requestId }, level, parameters) {
  return `${timestamp}\t${requestId}\t${level}\t${format(...parameters)}`;
}

function asJson(timestamp, { requestId, tenantId }, level, parameters) {
  const record = { timestamp, level, requestId };
  if (tenantId) record.tenantId = tenantId;
  if (parameters.length === 1) {
    record.message = parameters[0];
    try {
      return JSON.stringify(record, errorsAsObjects);
    } catch {
      record.message = format(parameters[0]);
      return JSON.stringify(record);
    }
  }
  record.message = format(...parameters);
  const error = parameters.slice(1).find(isError);
  if (error !== undefined) Object.assign(record, { errorType: typeOf(error), errorMessage: error.message, stackTrace: stackOf(error) });
  return JSON.stringify(record);
}

/**
 * Puts our methods on the global console.
 *
 * @param options.current  whose id stands in the line: `requestId` is undefined while the function is loaded
 * @param options.level    lowest level that is written; only the JSON format has one
 * @returns how the bootstrap itself reports an error of the function
 */
function patchConsole({ channel, json, level, current }) {
  const lowest = json && level !== undefined ? order.indexOf(level) : 0;
  const render = json ? asJson : asText;
  const silent = () => {};
  const writer = (name) => {
    if (order.indexOf(name) < lowest) return silent;
    return (...parameters) => {
      const atMs = Date.now();
      channel.send([['L', { atMs, level: name }, render(new Date(atMs).toISOString(), current, name, parameters)]]);
    };
  };
  for (const [method, name] of Object.entries(methods)) console[method] = writer(name);
  const report = console.error;
  return (message, error) => (json ? report(isError(error) ? error : new Error(String(error))) : report(message, logged(error)));
}

module.exports = { patchConsole };
