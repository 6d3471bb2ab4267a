/**
 * A file that names the process that owns something. It may outlive that process: an owner that is dead, or whose process
 * id now belongs to another process, owns nothing.
 *
 * In rare cases two processes that find the same dead owner at once both become owners; what is owned must tolerate that
 * (PostgreSQL itself refuses a second server on a directory).
 */
import { link, readFile, rm, writeFile } from 'node:fs/promises';

export interface Ownership {
  release(): Promise<void>;
}

const triesMax = 5;

/** Makes this process the owner. @returns undefined when another living process is. */
export async function claimOwnership(path: string): Promise<Ownership | undefined> {
  const self = await identityOf(process.pid);
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, self, { flush: true });
  try {
    for (let tries = 1; tries <= triesMax; tries += 1) {
      if (await linked(draft, path)) return { release: () => releaseOwned(path, self) };
      if ((await ownerOf(path)) !== undefined) return undefined;
      await rm(path, { force: true });
    }
    return undefined;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Finds the process id of the living owner; undefined when there is none. */
export async function ownerOf(path: string): Promise<number | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const pid = Number(text.split(' ')[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined;
  return (await identityOf(pid)) === text ? pid : undefined;
}

/** Creates the file by a link, which appears with its whole content or not at all. */
async function linked(draft: string, path: string): Promise<boolean> {
  return link(draft, path).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
      throw error;
    },
  );
}

async function releaseOwned(path: string, self: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '');
  if (text === self) await rm(path, { force: true });
}

/** The process id and, on Linux, the start time of the process: field 22 of `/proc/<pid>/stat`. */
async function identityOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return `${pid} ${fields[19] ?? '-'}`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
