'use strict';
// Runs one function of Node.js: connects, waits for `init`, loads the handler, then one event after the
// other. Booted before its function is known, so what is required here is kept small. See ../CHANNEL.md.

const { connect } = require('./channel.cjs');

/** Whose invocation this is; log lines carry it. */
const current = { requestId: undefined, tenantId: undefined };
/** What happens when the event loop has nothing left to do. */
let onEmpty;
let loaded;
/** `idle` and `busy` take turns; nothing is sent any more once the process is `ending`. */
let phase = 'starting';
let report = () => {};
const { MAYFLY_CHANNEL: path, MAYFLY_CHANNEL_FD: fd, MAYFLY_SDK: sdk } = process.env;

const channel = connect({ path, fd: fd === undefined ? undefined : Number(fd) }, (type, header, body) => {
  if (type === 'E') invoke(header, body);
  else if (type === 'I') init(header);
});
channel.send([['H', { pid: process.pid, version: process.versions.node }]]);
// The rest is loaded while nobody waits.
setImmediate(() => {
  require('./init.cjs');
  require('./handler.cjs');
  require('./invoke.cjs');
  require('./context.cjs');
  require('./trace.cjs');
  channel.soon();
});

async function init(header) {
  channel.release();
  const { becomeFunction } = require('./init.cjs');
  const { describe, describeJson } = require('./errors.cjs');
  const { nodeJsExit } = require('./invoke.cjs');
  const refuse = (error, exitCode) => {
    onEmpty = undefined;
    const frame = ['F', { errorType: describe(error).errorType }, describeJson(error)];
    channel.send([frame], () => process.exit(exitCode));
  };
  report = becomeFunction({ channel, header, current, sdk });
  setTraceId = require('./trace.cjs').ownTraceVariable();
  watch(refuse);
  onEmpty = () => {
    const error = nodeJsExit();
    report('Uncaught Exception', error);
    refuse(error, 13);
  };
  // Begun here, so that it holds what the function loads and nothing of ours.
  const cache = header.compileCache && require('./compile-cache.cjs').beginCompileCache(header.compileCache);
  const startedAt = process.hrtime();
  try {
    const handler = (header.keepEnv && process.env._HANDLER) || header.handler;
    loaded = await require('./handler.cjs').load(process.env.LAMBDA_TASK_ROOT || header.cwd, handler);
  } catch (error) {
    report('Uncaught Exception', error);
    refuse(error, 129);
    return;
  }
  const [s, ns] = process.hrtime(startedAt);
  wait([...(cache ? cache() : []), ['R', { loadMs: s * 1e3 + ns / 1e6 }]]);
}

/** Everything that ends an invocation goes through here: what is left to say and `next`, in one write. */
function wait(frames) {
  if (phase === 'ending') return;
  const isReady = phase === 'starting';
  phase = 'idle';
  onEmpty = undefined;
  channel.hold();
  channel.send(frames);
  // Once more round the loop for what the function's code has begun; or the caller has his answer, and nobody waits.
  if (!channel.isSettled()) setImmediate(isReady ? channel.soon : channel.settle);
}

let contextOf;
let invokeBuffered;
let setTraceId;

function invoke(header, body) {
  contextOf ??= require('./context.cjs').contextOf;
  invokeBuffered ??= require('./invoke.cjs').invokeBuffered;
  phase = 'busy';
  // A stream's reader may be slow, and is not waited for.
  if (loaded.streams) channel.settle();
  channel.release();
  current.requestId = header.requestId;
  current.tenantId = header.tenantId;
  setTraceId(header.traceId || undefined);
  const { requestId } = header;
  const io = {
    channel,
    report,
    whenEmpty: (act) => (onEmpty = act),
    succeed: (json) => wait([['A', { requestId, contentType: 'application/json' }, json], ['N']]),
    next: (frames) => wait([...frames, ['N']]),
    fail: (error) => {
      report('Invoke Error', error);
      wait([errorFrame(requestId, error), ['N']]);
    },
  };
  try {
    const context = contextOf(header);
    const event = JSON.parse(body.toString('utf8'));
    if (loaded.streams) require('./stream.cjs').invokeStreaming(loaded, event, context, io);
    else invokeBuffered(loaded, event, context, io);
  } catch (error) {
    io.fail(error);
  }
}

function errorFrame(requestId, error) {
  const { describe, describeJson, xrayCause } = require('./errors.cjs');
  return ['X', { requestId, errorType: describe(error).errorType, xrayCause: xrayCause(error) }, describeJson(error)];
}

/** Errors that nobody caught end the process, after the invocation they belong to was told. @source spec 2.4-01 */
function watch(refuse) {
  const { RuntimeFault } = require('./errors.cjs');
  const end = (error, exitCode) => {
    if (phase === 'ending') return;
    const was = phase;
    phase = 'ending';
    onEmpty = undefined;
    if (was === 'starting') refuse(error, exitCode);
    else channel.send(was === 'busy' ? [errorFrame(current.requestId, error)] : [], () => process.exit(exitCode));
  };
  process.on('uncaughtException', (error) => {
    report('Uncaught Exception', error);
    end(error, 129);
  });
  process.on('unhandledRejection', (reason, promise) => {
    const error = new RuntimeFault('UnhandledPromiseRejection', reason, { reason, promise });
    report('Unhandled Promise Rejection', error);
    end(error, 128);
  });
  process.on('beforeExit', () => {
    const act = onEmpty;
    onEmpty = undefined;
    if (act !== undefined) act();
  });
}
