#!/usr/bin/env node
// Works when started by any Node from 20 on: the program itself runs on the Node 24 that npm put beside it.
const { spawn } = require('node:child_process');
const path = require('node:path');

const main = path.join(__dirname, '..', 'src', 'main.ts');
const major = Number(process.versions.node.split('.')[0]);
if (major >= 24) {
  void import(require('node:url').pathToFileURL(main).href);
} else {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  let node;
  try {
    node = path.join(path.dirname(require.resolve(`${name}/package.json`)), 'bin', 'node');
  } catch {
    console.error(`mayfly needs Node 24 and found ${process.version}. Run: npm install ${name}@24`);
    process.exit(2);
  }
  // The same process image would be best, but Node cannot replace itself; signals are passed on instead.
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => (signal === null ? process.exit(code) : process.kill(process.pid, 'SIGKILL')));
}
