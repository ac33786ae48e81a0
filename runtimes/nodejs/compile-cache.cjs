'use strict';
// V8's code for a function's modules, made when the version was published.

const fs = require('fs');
const Module = require('module');
const path = require('path');

/**
 * Uses a read-only folder as compile cache. Node names the part it reads after its version and the user,
 * and each box has a user of its own; so a folder of ours in `/tmp` holds a link of the wanted name.
 * Nothing here may fail the function: without the cache it only starts slower.
 */
function useCompileCache(folder) {
  if (typeof Module.enableCompileCache !== 'function') return;
  try {
    const made = fs.readdirSync(folder).find((name) => name.startsWith(`${process.version}-${process.arch}-`));
    if (made === undefined) return;
    const mine = made.replace(/-\d+$/, `-${process.getuid()}`);
    if (made === mine) {
      Module.enableCompileCache(folder);
      return;
    }
    const own = path.join(process.env.TMPDIR || '/tmp', '.mayfly-compile-cache');
    fs.mkdirSync(own, { recursive: true, mode: 0o700 });
    const link = path.join(own, mine);
    if (fs.lstatSync(link, { throwIfNoEntry: false }) === undefined) fs.symlinkSync(path.join(folder, made), link);
    Module.enableCompileCache(own);
  } catch {}
}

module.exports = { useCompileCache };
