import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The processes below `root`, itself excluded, that are running now. */
export async function descendantsOf(root: number): Promise<number[]> {
  const children = new Map<number, number[]>();
  for (const { pid, parent } of await runningProcesses()) {
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const below = (pid: number): number[] =>
    (children.get(pid) ?? []).flatMap(child => [child, ...below(child)]);
  return below(root);
}

/** Which of `pids` are still running. One that ended and was not waited for yet is not. */
export async function stillRunning(pids: readonly number[]): Promise<number[]> {
  const running = new Set((await runningProcesses()).map(({ pid }) => pid));
  return pids.filter(pid => running.has(pid));
}

async function runningProcesses(): Promise<{ pid: number; parent: number }[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,stat=']);
  return stdout
    .trim()
    .split('\n')
    .map(line => line.trim().split(/\s+/))
    .filter(([, , state = '']) => !state.startsWith('Z'))
    .map(([pid, parent]) => ({ pid: Number(pid), parent: Number(parent) }));
}
