/**
 * One process that runs templates, as its parent sees it.
 *
 * It is a process and not a thread because a thread's memory limit holds only for what grows slowly: one large
 * allocation in a worker thread ends the whole program (docs/decisions/0067-templates-in-processes.md). It is killed
 * when it overstays, which it does only if its own deadline (`engine.ts`) cannot interrupt it.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import { RenderError } from '../event/errors.ts';
import type { JobAnswer, Job } from './job.ts';

export interface ProcessOptions {
  readonly memoryMb: number;
  readonly bytesMax: number;
}

export interface RenderProcess {
  readonly pid: number | undefined;
  /**
   * Runs a job; one at a time.
   *
   * @param timeoutMs of the job, in the process itself.
   * @throws {RenderError} when the process ended over it, or would not end by itself.
   */
  run(job: Job, timeoutMs: number): Promise<JobAnswer>;
  /** False once the process has ended: it does not start again. */
  readonly isAlive: boolean;
  kill(): void;
}

/** Maximum time from its start until it takes jobs; a machine under load takes its time. */
const startMs = 30_000;
/** Time beyond the process's own deadline before it is killed. */
const graceMs = 2_000;

export function openRenderProcess(options: ProcessOptions): RenderProcess {
  const child = start(options);
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => {});
  let waiting: PromiseWithResolvers<JobAnswer> | undefined;
  let isAlive = true;
  child.on('message', (message: unknown) => {
    if (message === 'ready') return ready.resolve();
    if (isAnswer(message)) waiting?.resolve(message);
  });
  const end = (reason: RenderError): void => {
    isAlive = false;
    ready.reject(reason);
    waiting?.reject(reason);
    child.kill('SIGKILL');
  };
  child.once('exit', (code, signal) => end(endedBy(options, code, signal)));
  child.once('error', error => {
    end(
      new RenderError(`templates cannot be run: ${error.message}`, {
        isFinal: false,
        cause: error,
      }),
    );
  });

  async function within<T>(ms: number, work: Promise<T>): Promise<T> {
    const timer = setTimeout(() => end(overstayed(ms)), ms);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    pid: child.pid,
    get isAlive() {
      return isAlive;
    },
    async run(job, timeoutMs) {
      if (waiting) throw new RangeError('the process has a job');
      await within(startMs, ready.promise);
      waiting = Promise.withResolvers<JobAnswer>();
      try {
        const answer = within(timeoutMs + graceMs, waiting.promise);
        child.send({ job, timeoutMs });
        return await answer;
      } finally {
        waiting = undefined;
      }
    },
    kill: () => end(new RenderError('the render process was stopped', { isFinal: false })),
  };
}

function start({ memoryMb, bytesMax }: ProcessOptions): ChildProcess {
  const own = fileURLToPath(import.meta.url);
  const entry = own.replace(/process(\.[jt]s)$/, 'child$1');
  const child = fork(entry, [String(bytesMax)], {
    cwd: '/',
    // Nothing of our environment: no database, no key. The time zone is the one that templates use.
    env: { TZ: 'UTC' },
    execArgv: [
      `--max-old-space-size=${memoryMb}`,
      '--max-semi-space-size=4',
      '--disallow-code-generation-from-strings',
      '--disable-proto=delete',
      '--permission',
      ...readable(own).map(path => `--allow-fs-read=${path}`),
    ],
    // V8's last words are not for our log: `exit` reports the end.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  child.unref();
  child.channel?.unref();
  sacrifice(child.pid);
  return child;
}

/** The files that it may read: this program's modules and the two libraries, wherever they are installed. */
function readable(own: string): readonly string[] {
  const modules = join(dirname(own), '..');
  const libraries = ['liquidjs', 'jsonata'].map(name => {
    const path = fileURLToPath(import.meta.resolve(name));
    return path.slice(0, path.lastIndexOf(join(sep, 'node_modules', name, sep)));
  });
  return [join(modules, '*'), ...new Set(libraries.map(path => join(path, 'node_modules', '*')))];
}

/** Offers the process to the kernel (Linux): when memory runs out, it goes first, not its parent or the database. */
function sacrifice(pid: number | undefined): void {
  if (process.platform !== 'linux' || pid === undefined) return;
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '1000');
  } catch {
    // It has ended already, or a container does not allow it. This only improves matters where it works.
  }
}

function endedBy({ memoryMb }: ProcessOptions, code: number | null, signal: string | null) {
  // V8 ends like this when its heap is full.
  if (signal === 'SIGABRT' || signal === 'SIGTRAP' || signal === 'SIGILL' || code === 134) {
    return new RenderError(`the template needs more than ${memoryMb} MB of memory`);
  }
  return new RenderError(`the render process ended with ${signal ?? code}`, { isFinal: false });
}

const overstayed = (ms: number): RenderError =>
  new RenderError(`the template did not end within ${ms} ms, not even when interrupted`, {
    isFinal: false,
  });

const isAnswer = (message: unknown): message is JobAnswer =>
  typeof message === 'object' && message !== null && 'tookMs' in message;
