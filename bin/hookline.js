#!/usr/bin/env node
/**
 * Starts Hookline with a Node that can run it: the checkout's TypeScript as it is, the package's JavaScript.
 *
 * In the checkout the development dependency `node` brings that Node along, so that `npx hookline` also works on a
 * machine whose own is older. This file itself must run on those: plain JavaScript, nothing newer than Node 18.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as module from 'node:module';
import { constants, homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const nodeMajorMin = 24;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, 'src', 'main.ts');
const entry = existsSync(source) ? source : join(root, 'dist', 'src', 'main.js');

// Half of a command's time is compiling what was compiled before. Where the folder cannot be written, Node goes on without.
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'hookline');

if (Number(process.versions.node.split('.')[0]) >= nodeMajorMin) {
  module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE || cache);
  await import(pathToFileURL(entry).href);
} else {
  const node = join(root, 'node_modules', 'node', 'bin', 'node');
  if (existsSync(node)) runWith(node);
  else refuse();
}

function refuse() {
  process.stderr.write(
    `Hookline needs Node.js ${nodeMajorMin} or newer; this is ${process.versions.node} (${process.execPath}).\n` +
      `In a checkout, npm install brings one along. Elsewhere: https://nodejs.org/en/download\n`,
  );
  process.exitCode = 1;
}

/** The other Node takes this one's place as far as that is possible: its streams, its signals, its end. */
function runWith(node) {
  const child = spawn(node, [entry, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { NODE_COMPILE_CACHE: cache, ...process.env },
  });
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGUSR2']) {
    process.on(signal, () => {
      // The terminal has sent Ctrl-C to both already, and a second one would cut the orderly stop short.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', error => {
    process.stderr.write(`${node} cannot be started: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
}
