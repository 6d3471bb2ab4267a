/** Finds RabbitMQ's programs on this machine, or installs Debian's packages of them. */
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface RabbitmqPrograms {
  readonly server: string;
  readonly epmd: string;
  /** Whom root runs it as; absent for anyone else. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

const run = promisify(execFile);

/** Debian's own starter insists on its system-wide directories; the original script is behind it. */
const debianServer = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/** @throws Error saying what to install. */
export async function findRabbitmqPrograms(): Promise<RabbitmqPrograms> {
  const installed = await look();
  if (installed) return installed;
  const reason = await installFromDebian();
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

/**
 * Debian's packages start and enable their services when they are installed, unless the policy forbids it. The machine
 * must not end up with a broker nobody asked for, neither now nor after its next start. The policy the machine had comes
 * back whatever becomes of us.
 */
const installScript = `
policy=/usr/sbin/policy-rc.d
restore() {
  rm -f "$policy"
  if [ -e "$policy.hookline" ]; then mv "$policy.hookline" "$policy"; fi
}
install() {
  apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends rabbitmq-server
}
trap restore EXIT
if [ -e "$policy" ] && [ ! -e "$policy.hookline" ]; then mv "$policy" "$policy.hookline"; fi
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"
install || { apt-get -q update && install; } || exit
if command -v systemctl >/dev/null; then
  systemctl disable rabbitmq-server.service epmd.service epmd.socket || true
fi
`;

/** Says why there was nothing to install, or how it failed. */
async function installFromDebian(): Promise<string> {
  if ((await which('apt-get')) === undefined) return 'There is no apt-get here.';
  if (process.getuid?.() !== 0) return 'Only root may install packages.';
  process.stderr.write("Installing the distribution's rabbitmq-server…\n");
  // A session of its own: Ctrl-C must not cut an installation short.
  return run('setsid', ['--wait', 'sh', '-c', installScript], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    maxBuffer: 64 * 1024 * 1024,
  }).then(
    () => '',
    (error: unknown) => `apt-get failed: ${error instanceof Error ? error.message : String(error)}`,
  );
}

async function which(program: string): Promise<string | undefined> {
  const { stdout } = await run('sh', ['-c', 'command -v "$1"', 'sh', program]).catch(() => ({
    stdout: '',
  }));
  return stdout.trim() === '' ? undefined : stdout.trim();
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
