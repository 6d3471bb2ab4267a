/**
 * Child processes that never outlive this one, not even when it is killed with SIGKILL.
 *
 * A shell forks a guard and then becomes the command itself, so there is no moment at which the command runs
 * unguarded. The guard holds one end of a socket whose other end only this process holds. When that end closes,
 * on purpose or because this process died in whatever way, the guard stops what is left of the command's process
 * group, removes the directory it was given, and ends.
 *
 * The command leads a session of its own: Ctrl-C on a terminal reaches this process, which then stops the command
 * in order.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Duplex, type Readable } from 'node:stream';

export interface GuardedProcess {
  readonly pid: number;
  /** Resolves when the command has ended, with the way it did: `code 1`, `signal SIGKILL`. Never rejects. */
  readonly exited: Promise<string>;
  /** The last lines of its output, for error messages. */
  lastOutput(): string;
  /**
   * Sends `signal`, and SIGKILL if the command does not end in time; then the guard cleans up. Resolves when the command,
   * its process group and the guard have ended. Idempotent.
   */
  stop(how: StopOptions): Promise<void>;
}

export interface StopOptions {
  readonly signal: NodeJS.Signals;
  readonly deadlineMs: number;
  /** Keeps the directory, because the command will be started again. */
  readonly keepDirectory?: boolean;
}

export interface GuardOptions {
  /** Signal to the command when this process dies; `KILL` for anything that needs no orderly end. */
  readonly deathSignal: 'INT' | 'TERM' | 'KILL';
  /** Directory to remove when this process dies or `stop` is called, which the command's user must be allowed to do. */
  readonly directory?: string;
  /** Unix user and group of the command, if this process is root and the command refuses to run as root. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly env?: NodeJS.ProcessEnv;
  readonly onLine?: (line: string) => void;
}

/** $1 is the signal, $2 the directory or nothing, the rest the command. Descriptor 3 is the socket. */
const guardScript = `
signal=$1; directory=$2; shift 2
(
  exec </dev/null >/dev/null 2>&1
  trap '' HUP INT QUIT TERM
  read -r word <&3
  kill -s "$signal" $$
  n=0
  while [ "$signal" != KILL ] && kill -0 $$ && [ $n -lt 300 ]; do sleep 0.1; n=$((n + 1)); done
  kill -s KILL $$
  if [ "$word" != keep ] && [ -n "$directory" ]; then
    for n in 1 2 3 4 5 6 7 8 9 10; do rm -rf -- "$directory" && break; sleep 0.2; done
  fi
  kill -s KILL -- -$$
) &
exec 3<&-
exec "$@"
`;

const outputLinesMax = 60;

/** Starts the command. A command that cannot be executed ends with code 126 or 127 and says why in its output. */
export function spawnGuarded(
  command: string,
  args: readonly string[],
  options: GuardOptions,
): GuardedProcess {
  const { deathSignal, directory = '', user, env, onLine } = options;
  const child = spawn('sh', ['-c', guardScript, 'sh', deathSignal, directory, command, ...args], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env,
    ...user,
  });
  const lines: string[] = [];
  const takeLine = (line: string): void => {
    lines.push(line);
    if (lines.length > outputLinesMax) lines.shift();
    onLine?.(line);
  };
  for (const stream of [child.stdout, child.stderr]) if (stream) eachLine(stream, takeLine);
  const exited = exitOf(child, takeLine);
  const guard = guardOf(child);
  let stopping: Promise<void> | undefined;
  return {
    pid: child.pid ?? -1,
    exited,
    lastOutput: () => lines.join('\n'),
    stop: how => (stopping ??= stop(child, { exited, guard, how })),
  };
}

async function stop(
  child: ChildProcess,
  { exited, guard, how }: { exited: Promise<string>; guard: Guard; how: StopOptions },
): Promise<void> {
  child.kill(how.signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), how.deadlineMs);
  await exited;
  clearTimeout(timer);
  guard.release(how.keepDirectory === true);
  await guard.gone;
}

interface Guard {
  release(keepDirectory: boolean): void;
  readonly gone: Promise<void>;
}

function guardOf(child: ChildProcess): Guard {
  const socket = child.stdio[3];
  if (!(socket instanceof Duplex))
    throw new RangeError('descriptor 3 of the guard is not a socket');
  // On some systems the end of the guard resets the connection; that is an end as well.
  socket.on('error', () => socket.destroy());
  socket.resume();
  const gone = once(socket, 'close').then(() => undefined);
  return { release: keep => socket.end(keep ? 'keep\n' : 'remove\n'), gone };
}

async function exitOf(child: ChildProcess, takeLine: (line: string) => void): Promise<string> {
  return new Promise(resolve => {
    child.once('error', error => {
      takeLine(error.message);
      resolve(error.message);
    });
    child.once('exit', (code, signal) => {
      resolve(signal === null ? `code ${code}` : `signal ${signal}`);
    });
  });
}

function eachLine(stream: Readable, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
}
