/** Installs Debian packages of services that tests need and the machine does not have. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Debian's packages start and enable their services when they are installed, unless the policy forbids it. The machine
 * must not end up with a service nobody asked for, neither now nor after its next start. The policy the machine had comes
 * back whatever becomes of us.
 */
const installScript = `
package=$1; shift
# One at a time: tests that run side by side share the policy, and apt's update does not wait for another's.
exec 9>/var/lock/hookline-install.lock
flock 9
policy=/usr/sbin/policy-rc.d
restore() {
  rm -f "$policy"
  if [ -e "$policy.hookline" ]; then mv "$policy.hookline" "$policy"; fi
}
install() {
  apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$package"
}
trap restore EXIT
if [ -e "$policy" ] && [ ! -e "$policy.hookline" ]; then mv "$policy" "$policy.hookline"; fi
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"
install || { apt-get -q update && install; } || exit
if command -v systemctl >/dev/null; then systemctl disable "$@" || true; fi
`;

/**
 * Installs a package.
 *
 * @param services systemd units that the package would start.
 * @returns why it was not installed; empty when it was.
 */
export async function installFromDebian(
  name: string,
  services: readonly string[],
): Promise<string> {
  if ((await which('apt-get')) === undefined) return 'There is no apt-get here.';
  if (process.getuid?.() !== 0) return 'Only root may install packages.';
  process.stderr.write(`Installing the distribution's ${name}…\n`);
  // A session of its own: Ctrl-C must not cut an installation short.
  return run('setsid', ['--wait', 'sh', '-c', installScript, 'sh', name, ...services], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    maxBuffer: 64 * 1024 * 1024,
  }).then(
    () => '',
    (error: unknown) => `apt-get failed: ${error instanceof Error ? error.message : String(error)}`,
  );
}

/** Finds the path of a program; undefined when it is not installed. */
export async function which(program: string): Promise<string | undefined> {
  const { stdout } = await run('sh', ['-c', 'command -v "$1"', 'sh', program]).catch(() => ({
    stdout: '',
  }));
  return stdout.trim() === '' ? undefined : stdout.trim();
}
