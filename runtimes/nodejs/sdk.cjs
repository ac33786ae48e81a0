'use strict';
// The AWS SDK that comes with the runtime, as far as this program has it. @source spec 4.2-12

const Module = require('module');
const path = require('path');
const { pathToFileURL } = require('url');

const belongs = /^@(aws-sdk|smithy|aws-crypto|aws)\//;

/**
 * Finds packages of the SDK in a folder `node_modules` where a function does not find them itself. What the
 * function or a layer brings is found first, as on Lambda; nothing else of the folder is ever found.
 */
function offerSdk(modules) {
  const folder = path.dirname(modules);
  // `require` comes through here, hooks or not.
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (request, parent, isMain, options) {
    if (!belongs.test(request)) return resolve.call(this, request, parent, isMain, options);
    return otherwise(
      () => resolve.call(this, request, parent, isMain, options),
      () => resolve.call(this, request, parent, isMain, { paths: [folder] }),
    );
  };
  // `import` comes through hooks, which there are since Node.js 22.15.
  if (typeof Module.registerHooks !== 'function') return;
  const parentURL = pathToFileURL(path.join(folder, 'function.js')).href;
  Module.registerHooks({
    resolve(specifier, context, next) {
      if (!belongs.test(specifier)) return next(specifier, context);
      return otherwise(() => next(specifier, context), () => next(specifier, { ...context, parentURL }));
    },
  });
}

/** The first failure is the one to report: it names where the function looked. */
function otherwise(first, second) {
  try {
    return first();
  } catch (error) {
    try {
      return second();
    } catch {
      throw error;
    }
  }
}

module.exports = { offerSdk };
