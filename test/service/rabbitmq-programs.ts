/** Finds RabbitMQ's programs on this machine, or installs Debian's packages of them. */
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';

import { installFromDebian, which } from './debian-package.ts';

export interface RabbitmqPrograms {
  readonly server: string;
  readonly epmd: string;
  /** Whom root runs it as; absent for anyone else. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** What has to be the root directory of the programs, whose paths are inside of it; absent where they are installed. */
  readonly root?: string;
}

const run = promisify(execFile);

/** Debian's own starter insists on its system-wide directories; the original script is behind it. */
const debianServer = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/** Of every Linux. */
const nobody = { uid: 65_534, gid: 65_534 };

/**
 * A folder of unpacked packages as `test/matrix` makes them, with libraries of their own. Only root may use it.
 *
 * @returns undefined when HOOKLINE_TEST_RABBITMQ_ROOT names none.
 */
export function unpackedRabbitmq(): RabbitmqPrograms | undefined {
  const root = process.env['HOOKLINE_TEST_RABBITMQ_ROOT'] ?? '';
  if (root === '') return undefined;
  return { server: debianServer, epmd: '/usr/bin/epmd', user: nobody, root };
}

/** @throws Error saying what to install. */
export async function findRabbitmqPrograms(): Promise<RabbitmqPrograms> {
  const installed = await look();
  if (installed) return installed;
  const reason = await installFromDebian('rabbitmq-server', [
    'rabbitmq-server.service',
    'epmd.service',
    'epmd.socket',
  ]);
  const found = await look();
  if (found) return found;
  throw new Error(
    'There is no RabbitMQ for the tests. Set HOOKLINE_TEST_AMQP_URL to one, start docker or podman, or install ' +
      `RabbitMQ (Debian: apt-get install rabbitmq-server; macOS: brew install rabbitmq). ${reason}`,
  );
}

async function look(): Promise<RabbitmqPrograms | undefined> {
  const server = (await exists(debianServer)) ? debianServer : await which('rabbitmq-server');
  const epmd = await which('epmd');
  if (server === undefined || epmd === undefined) return undefined;
  const user = process.getuid?.() === 0 ? await lookUpUser() : undefined;
  return { server, epmd, ...(user ? { user } : {}) };
}

async function lookUpUser(): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async option => (await run('id', [option, 'rabbitmq'])).stdout),
    );
    return { uid: Number(uid), gid: Number(gid) };
  } catch {
    return undefined;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
