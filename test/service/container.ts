/** A service in a container, where docker or podman can be reached. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';

import { type GuardedProcess, spawnGuarded } from '../../src/postgres/guarded-process.ts';

export interface Container {
  readonly engine: string;
  readonly image: string;
  /** Published on the same number of the loopback address. */
  readonly ports: readonly number[];
  /** Mounted at the same path. */
  readonly directory: string;
  /** Run by the container's `sh -c`. */
  readonly script: string;
}

const run = promisify(execFile);

/** `docker` or `podman`, whichever answers and has the image or can get it. */
export async function findEngine(image: string): Promise<string | undefined> {
  for (const engine of ['docker', 'podman']) {
    if ((await succeeds(engine, ['info'])) && (await hasImage(engine, image))) return engine;
  }
  return undefined;
}

async function hasImage(engine: string, image: string): Promise<boolean> {
  return (await succeeds(engine, ['image', 'inspect', image])) || succeeds(engine, ['pull', image]);
}

async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  return run(command, [...args]).then(
    () => true,
    () => false,
  );
}

/**
 * $1 is the engine, $2 the container's name, the rest what follows `run`. The container is the engine's child, not
 * ours, so the guarded process is a shell that stops it when told to end.
 */
const attendScript = `
engine=$1; name=$2; shift 2
trap '"$engine" stop -t 20 "$name"; "$engine" rm -f "$name"; exit 0' TERM
"$engine" run --rm --name "$name" "$@" &
wait $!
`;

export function runContainer(container: Container): GuardedProcess {
  const { engine, image, ports, directory, script } = container;
  const name = `hookline-${randomUUID()}`;
  const published = ports.flatMap(port => ['-p', `127.0.0.1:${port}:${port}`]);
  const mounted = ['-v', `${directory}:${directory}`, '--security-opt', 'label=disable'];
  const entered = ['-u', userFor(engine), '--entrypoint', 'sh', image, '-c', script];
  const args = [engine, name, ...published, ...mounted, ...entered];
  const attendant = spawnGuarded('sh', ['-c', attendScript, 'sh', ...args], {
    deathSignal: 'TERM',
    directory,
  });
  return {
    ...attendant,
    stop: async how => {
      if (how.signal === 'SIGKILL') await run(engine, ['rm', '-f', name]);
      await attendant.stop(how);
    },
  };
}

/** What the service writes has to be ours to remove. podman maps its root to whoever runs it. */
function userFor(engine: string): string {
  return engine === 'podman' ? '0:0' : `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
}
