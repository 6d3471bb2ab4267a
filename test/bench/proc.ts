/** Processor time and memory, as Linux's /proc has them. Source: proc_pid_stat(5), proc_stat(5). */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const tickMs = 1_000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** User and system time in milliseconds; `ended` is that of its children that have ended and were waited for. */
interface Times {
  readonly parent: number;
  readonly own: number;
  readonly ended: number;
}

/** User and system time of the process and its threads, in milliseconds. */
export function cpuMsOf(pid: number): number {
  return timesOf(pid).own;
}

export function parentOf(pid: number): number {
  return timesOf(pid).parent;
}

/** Of the process and all below it, those that have ended included, except one that is running. */
export function treeCpuMsOf(root: number, except?: number): number {
  const all = runningTimes();
  const sum = (pid: number): number => {
    const { own = 0, ended = 0 } = all.get(pid) ?? {};
    const children = [...all].filter(([child, { parent }]) => parent === pid && child !== except);
    return children.reduce((total, [child]) => total + sum(child), own + ended);
  };
  return sum(root);
}

/** The most memory the process has held so far, in MB. */
export function peakMemoryMbOf(pid: number): number {
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1_000;
}

/** The memory that the process holds now, in MB. */
export function memoryMbOf(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1_000;
}

/** Counts the most memory anew from now on. Source: proc_pid_clear_refs(5). */
export function forgetPeakMemory(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** Starts measuring; the answer gives the processors kept busy since by programs that are not ours. */
export function watchOthers(): () => number {
  const before = othersMs();
  const startedAt = performance.now();
  return () => (othersMs() - before) / (performance.now() - startedAt);
}

function othersMs(): number {
  return busyMs() - treeCpuMsOf(process.pid);
}

function busyMs(): number {
  const [total = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [, user, nice, system, , , interrupt, softInterrupt] = total.split(/\s+/).map(Number);
  const busy = [user, nice, system, interrupt, softInterrupt];
  return busy.reduce<number>((sum, ticks) => sum + (ticks ?? 0) * tickMs, 0);
}

function runningTimes(): ReadonlyMap<number, Times> {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name));
  return new Map(
    pids.flatMap(pid => {
      try {
        return [[Number(pid), timesOf(Number(pid))]];
      } catch {
        // It has ended since the directory was read, and its time is its parent's now.
        return [];
      }
    }),
  );
}

function timesOf(pid: number): Times {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name, in parentheses, may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [, parent, , , , , , , , , , user, system, endedUser, endedSystem] = fields.map(Number);
  return {
    parent: parent ?? 0,
    own: ((user ?? 0) + (system ?? 0)) * tickMs,
    ended: ((endedUser ?? 0) + (endedSystem ?? 0)) * tickMs,
  };
}
