/**
 * Reads a cluster's `postmaster.pid`, in which a running PostgreSQL server describes itself.
 *
 * Source: PostgreSQL 18, `src/include/utils/pidfile.h`.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** `starting`, `stopping`, `ready` or `standby`. */
  readonly status: string;
}

const run = promisify(execFile);

/** Reads the file; undefined when there is none. The server it names may have ended long ago: see `isServerOf`. */
export async function readPostmaster(directory: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(directory, 'postmaster.pid'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const lines = text.split('\n').map(line => line.trim());
  return { pid: Number(lines[0]), port: Number(lines[3]), status: lines[7] ?? '' };
}

/**
 * Whether the process is a server that `startCluster` started on this directory. Its id alone proves nothing: after a
 * reboot, or in a restarted container, it may belong to any other process.
 */
export async function isServerOf(pid: number, directory: string): Promise<boolean> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => askPs(pid));
  return commandLine.split(/\0| /).includes(directory);
}

async function askPs(pid: number): Promise<string> {
  const { stdout } = await run('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return stdout;
}
