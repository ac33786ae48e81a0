'use strict';
// V8's code for a function's modules: made by one process of a version, used by all later ones.

const fs = require('fs');
const Module = require('module');
const path = require('path');

/** A frame's worth of a file. */
const pieceBytes = 1048576;

/**
 * Begins to use the cache at `header.use`, a read-only folder, or to make one of at most `header.make` bytes.
 * Nothing here may fail the function: without a cache it only starts slower.
 *
 * @returns what is to be sent once the function is loaded: the frames of a cache, or none
 */
function beginCompileCache(header) {
  if (typeof Module.enableCompileCache !== 'function') return () => [];
  const own = path.join(process.env.TMPDIR || '/tmp', '.mayfly-compile-cache');
  try {
    if (header.use) {
      useFolder(header.use, own);
      return () => [];
    }
    // A cache of the function's own choice is none of our business.
    if (Module.getCompileCacheDir() !== undefined || !enabled(Module.enableCompileCache(own))) return () => [];
  } catch {
    return () => [];
  }
  return () => {
    try {
      return made(own, header.make);
    } catch {
      return [];
    } finally {
      // What the function finds in its `/tmp` is its own. Code it loads later is compiled as ever.
      fs.rmSync(own, { recursive: true, force: true, maxRetries: 0 });
    }
  };
}

const enabled = ({ status }) => status === Module.constants.compileCacheStatus.ENABLED;

/**
 * Node names the part of a cache that it reads after its version and the user, and each box has a user of its own; so a
 * folder of ours in `/tmp` holds a link of the wanted name.
 */
function useFolder(folder, own) {
  const there = fs.readdirSync(folder).find((name) => name.startsWith(`${process.version}-${process.arch}-`));
  if (there === undefined) return;
  const mine = there.replace(/-\d+$/, `-${process.getuid()}`);
  if (there === mine) {
    Module.enableCompileCache(folder);
    return;
  }
  fs.mkdirSync(own, { recursive: true, mode: 0o700 });
  const link = path.join(own, mine);
  if (fs.lstatSync(link, { throwIfNoEntry: false }) === undefined) fs.symlinkSync(path.join(folder, there), link);
  Module.enableCompileCache(own);
}

/** All or nothing: half a cache would be kept as if it were whole. */
function made(own, maxBytes) {
  Module.flushCompileCache();
  const frames = [];
  let bytes = 0;
  for (const folder of fs.readdirSync(own)) {
    for (const file of fs.readdirSync(path.join(own, folder))) {
      const content = fs.readFileSync(path.join(own, folder, file));
      bytes += content.length;
      if (bytes > maxBytes) return [];
      for (let at = 0; at < content.length; at += pieceBytes)
        frames.push(['C', { name: `${folder}/${file}` }, content.subarray(at, at + pieceBytes)]);
    }
  }
  return frames;
}

module.exports = { beginCompileCache };
