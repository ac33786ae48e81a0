'use strict';
// A booted process becomes one function's: its environment, folder, search paths, console.

const Module = require('module');
const { patchConsole } = require('./console.cjs');

/** @returns how errors of the function are logged */
function becomeFunction({ channel, header, current, sdk }) {
  const { env } = header;
  if (!header.keepEnv) {
    for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
    Object.assign(process.env, env);
  }
  delete process.env.MAYFLY_CHANNEL;
  delete process.env.MAYFLY_CHANNEL_FD;
  // For a client that a wrapper might have started in our place.
  delete process.env._LAMBDA_TELEMETRY_LOG_FD;
  delete process.env.MAYFLY_SDK;
  process.chdir(header.cwd);
  // Node read NODE_PATH when it started, before there was a function.
  Module._initPaths();
  if (sdk) require('./sdk.cjs').offerSdk(sdk);
  const report = patchConsole({ channel, json: header.logFormat === 'JSON', level: header.logLevel, current });
  // Most functions do not stream: the module behind these is loaded when one is asked for.
  if (!/^(1|true)$/.test(env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA || '')) {
    const awslambda = {};
    for (const name of ['streamifyResponse', 'HttpResponseStream']) {
      Object.defineProperty(awslambda, name, { enumerable: true, get: () => require('./stream.cjs').awslambda[name] });
    }
    globalThis.awslambda = awslambda;
  }
  return report;
}

module.exports = { becomeFunction };
