/**
 * OpenStack's own publisher: the Python package oslo.messaging, of the versions in oslo-requirements.txt. It is installed
 * into `.cache` when it is not there yet, from wherever pip is set up to look.
 */
import { execFile, spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';

export interface Notification {
  /** `control_exchange`; Kafka has none. */
  readonly exchange?: string;
  /** Version 1 of the envelope is none at all. */
  readonly driver?: 'messagingv2' | 'messaging';
  readonly topics: readonly string[];
  readonly priority?: 'info' | 'warn' | 'error' | 'audit' | 'sample';
  /** Such as `compute.cmp-01`. */
  readonly publisher: string;
  readonly eventType: string;
  readonly payload: unknown;
  /** Arguments of oslo.context's RequestContext; without, there is no context, as with Keystone and Glance. */
  readonly context?: Readonly<Record<string, unknown>>;
}

const run = promisify(execFile);
/** Others are asked for by name: see `test/matrix`. */
const wanted = process.env['HOOKLINE_TEST_OSLO_REQUIREMENTS'] ?? '';
const requirements = resolve(import.meta.dirname, wanted === '' ? 'oslo-requirements.txt' : wanted);
const script = resolve(import.meta.dirname, 'notify.py');
const cache = resolve(import.meta.dirname, '../../.cache');

/**
 * @param url of the transport: `rabbit://…` or `kafka://…`.
 * @returns the message_id of each.
 * @throws Error saying what to install, or what Python said.
 */
export async function notify(
  url: string,
  notifications: readonly Notification[],
): Promise<readonly string[]> {
  const libraries = await installOslo();
  const python = spawn('python3', [script], {
    env: { ...process.env, PYTHONPATH: libraries, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  python.stdin.end(JSON.stringify({ url, notifications: notifications.map(withDefaults) }));
  const [lines, errors, code] = await Promise.all([
    text(python.stdout),
    text(python.stderr),
    new Promise((done, failed) => {
      python.once('error', failed);
      python.once('close', done);
    }),
  ]);
  if (code !== 0) throw new Error(`notify.py ended with code ${String(code)}:\n${errors}`);
  return lines
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const { message_id: id }: { message_id: string } = JSON.parse(line);
      return id;
    });
}

const withDefaults = ({ eventType, context, ...told }: Notification) => ({
  exchange: 'openstack',
  driver: 'messagingv2',
  priority: 'info',
  ...told,
  event_type: eventType,
  context: context ?? null,
});

/** The folder is there whole or not at all, also when several runs install it at once. */
export async function installOslo(): Promise<string> {
  const digest = hash('sha256', await readFile(requirements), 'hex').slice(0, 12);
  const version = await run('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'])
    .then(({ stdout }) => stdout.trim())
    .catch((error: unknown) => {
      throw missing('There is no Python 3 here.', error);
    });
  const folder = join(cache, `oslo-${digest}-python${version}`);
  if (await exists(folder)) return folder;
  process.stderr.write('Installing oslo.messaging by pip…\n');
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(join(cache, 'oslo-draft-'));
  try {
    const pip = await findPip(draft);
    const target = ['--target', join(draft, 'libs'), '--requirement', requirements];
    await run(pip[0], [
      ...pip.slice(1),
      'install',
      '--quiet',
      '--disable-pip-version-check',
      ...target,
    ]);
    await rename(join(draft, 'libs'), folder);
  } catch (error) {
    if (!(await exists(folder))) throw missing('pip could not install it.', error);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

/** Of an environment of its own, else the machine's. */
async function findPip(draft: string): Promise<[string, ...string[]]> {
  const venv = join(draft, 'venv');
  try {
    await run('python3', ['-m', 'venv', venv]);
    return [join(venv, 'bin/pip')];
  } catch {
    return ['python3', '-m', 'pip'];
  }
}

function missing(reason: string, cause: unknown): Error {
  return new Error(
    `There is no oslo.messaging for the tests: install Python 3 with venv or pip (Debian: apt-get install python3-venv). ${reason}`,
    { cause },
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
