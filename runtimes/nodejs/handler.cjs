'use strict';
// From the text `dir/file.export.nested` to the function it means. @source spec 4.2-01, 4.2-02

const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const { RuntimeFault } = require('./errors.cjs');

const major = Number.parseInt(process.versions.node, 10);
const streaming = Symbol.for('aws.lambda.runtime.handler.streaming');
const highWaterMark = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');

const callbackDeprecated =
  'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. ' +
  'You need to modify this function to use a supported handler signature to use Node.js 24 or later. ' +
  'For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.';

/** `dir/file.export.nested` → folder, file without its ending, names to walk. */
function parse(text) {
  if (text.includes('..')) {
    throw new RuntimeFault(
      'MalformedHandlerName',
      `'${text}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const base = path.basename(text);
  const match = /^([^.]*)\.(.*)$/.exec(base);
  if (match === null) throw new RuntimeFault('MalformedHandlerName', 'Bad handler');
  return { folder: text.slice(0, text.length - base.length), file: match[1], names: match[2].split('.') };
}

/** Whether the nearest package.json says `"type": "module"`. */
function isModulePackage(folder) {
  for (let at = folder; ; at = path.dirname(at)) {
    try {
      return JSON.parse(fs.readFileSync(path.join(at, 'package.json'), 'utf8')).type === 'module';
    } catch (error) {
      if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') return false;
    }
    if (at === path.dirname(at) || path.basename(at) === 'node_modules') return false;
  }
}

const isFile = (name) => {
  const stats = fs.statSync(name, { throwIfNoEntry: false });
  return stats !== undefined && stats.isFile();
};
const imported = (file) => import(pathToFileURL(file).href);

/** `require`, and `import` where only that will do: ES modules with a top-level await among them. */
function required(file) {
  try {
    return require(file);
  } catch (error) {
    if (error.code === 'ERR_REQUIRE_ESM' || error.code === 'ERR_REQUIRE_ASYNC_MODULE') return imported(file);
    throw error;
  }
}

async function loadModule(root, { folder, file }) {
  const base = path.resolve(root, folder, file);
  if (isFile(base)) return required(base);
  if (isFile(`${base}.js`)) return isModulePackage(path.dirname(base)) ? imported(`${base}.js`) : required(`${base}.js`);
  if (isFile(`${base}.mjs`)) return imported(`${base}.mjs`);
  if (isFile(`${base}.cjs`)) return require(`${base}.cjs`);
  return required(require.resolve(file, { paths: [root, path.join(root, folder)] }));
}

/** A module's names are walked; what ES modules have in their default export counts too. */
function walk(module, names) {
  let value = module;
  for (const name of names) {
    if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return undefined;
    value = value[name];
  }
  return value;
}

function found(module) {
  const names = new Set(Object.keys(Object(module)));
  const inner = Object(module).default;
  if (typeof inner === 'object' && inner !== null) for (const name of Object.keys(inner)) names.add(name);
  names.delete('default');
  return [...names].slice(0, 50);
}

/**
 * Loads the function.
 *
 * @returns `{ handler, streams, highWaterMark, modern }`; `modern` handlers know no callback
 * @throws RuntimeFault, or whatever the function's own code threw while it was loaded
 */
async function load(root, text) {
  const wanted = parse(text);
  let module;
  try {
    module = await loadModule(root, wanted);
  } catch (error) {
    if (error instanceof SyntaxError) throw new RuntimeFault('UserCodeSyntaxError', error);
    const code = error && error.code;
    if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') throw new RuntimeFault('ImportModuleError', error);
    throw error;
  }
  const handler = walk(module, wanted.names) || walk(Object(module).default, wanted.names);
  if (!handler) throw new RuntimeFault('HandlerNotFound', `${text} is undefined or not exported`, { exports: found(module) });
  if (typeof handler !== 'function') throw new RuntimeFault('HandlerNotFound', `${text} is not a function`, { exports: found(module) });
  const mode = handler[streaming];
  if (mode && mode !== 'response') throw new RuntimeFault('MalformedStreamingHandler', 'Only response streaming is supported.');
  const modern = major >= 24;
  if (modern && !mode && handler.length >= 3) throw new RuntimeFault('CallbackHandlerDeprecated', callbackDeprecated);
  const mark = Number(handler[highWaterMark]);
  return { handler, streams: mode === 'response', highWaterMark: mark > 0 ? mark : undefined, modern };
}

module.exports = { load, parse, streaming, highWaterMark };
