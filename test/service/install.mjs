/**
 * Installs the dependencies when they are missing or not those of package-lock.json. Runs before `npm test`,
 * `npm run demo` and the like on a checkout with nothing in it, so it is plain JavaScript for the machine's own Node,
 * 20 or newer. Among the dependencies is the Node that everything after it runs on.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

const reason = whyOutdated();
if (reason !== undefined) {
  process.stderr.write(`Installing dependencies (${reason})…\n`);
  install();
  const still = whyOutdated();
  if (still !== undefined) fail(`npm ci succeeded and yet ${still}`);
}

/** What is wrong with node_modules; undefined when nothing is. */
function whyOutdated() {
  const wanted = read('package-lock.json');
  const present = read('node_modules/.package-lock.json');
  if (!wanted) fail('package-lock.json is missing');
  if (!present) return 'there are none yet';
  for (const [path, { version, optional }] of Object.entries(wanted.packages)) {
    if (path === '') continue;
    const found = present.packages[path];
    if (found === undefined && !optional) return `${path} is missing`;
    if (found !== undefined && found.version !== version) return `${path} is not ${version}`;
  }
  return nodeIsThere() ? undefined : 'Node is missing';
}

/** The package `node` gets the program by an install script, which an earlier installation may not have been allowed. */
function nodeIsThere() {
  try {
    accessSync(join(root, 'node_modules/node/bin/node'));
    return true;
  } catch {
    return false;
  }
}

function install() {
  const npm = process.env.npm_execpath;
  // npm's warnings are about the machine's own Node, on which nothing of it runs.
  const ci = ['ci', '--loglevel=error'];
  const [command, ...args] = npm ? [process.execPath, npm, ...ci] : ['npm', ...ci];
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) fail(`npm ci failed${error ? `: ${error.message}` : ''}`);
}

function read(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8'));
  } catch {
    return undefined;
  }
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
