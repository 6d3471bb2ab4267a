/** Finds the programs of the two PostgreSQL that Hookline is tested with: its own, and the one that operators have. */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import {
  canReach,
  findPostgresBinaries,
  type PostgresBinaries,
  type UnixUser,
} from '../../src/postgres/postgres-binaries.ts';
import { installFromDebian, which } from './debian-package.ts';

/**
 * `embedded` is that of the npm package. `distribution` is the newest that the system's packages installed. It is some
 * major versions older and compiles expressions (JIT), which the embedded one cannot. Where
 * HOOKLINE_TEST_POSTGRES_PACKAGE names the folder of another version's package (see `test/matrix`), it is both.
 */
export type PostgresEdition = 'embedded' | 'distribution';

const run = promisify(execFile);

/** Sorts by code point like the locale of our own programs, which older ones do not have. */
const systemLocale = ['--locale', 'C.UTF-8'];
const builtinLocaleSince = 17;

/**
 * @param copyTo see `findPostgresBinaries`.
 * @throws Error saying what to install.
 */
export async function findPostgresPrograms(
  edition: PostgresEdition,
  user: UnixUser | undefined,
  copyTo: string,
): Promise<PostgresBinaries> {
  const wanted = process.env['HOOKLINE_TEST_POSTGRES_PACKAGE'] ?? '';
  if (wanted !== '') {
    const found = await findPostgresBinaries(user, copyTo, wanted);
    return Number(found.major) < builtinLocaleSince ? { ...found, locale: systemLocale } : found;
  }
  if (edition === 'embedded') return findPostgresBinaries(user, copyTo);
  const installed = await findInstalled(user);
  if (installed) return installed;
  const reason = await installFromDebian('postgresql', ['postgresql.service']);
  const found = await findInstalled(user);
  if (found) return found;
  throw new Error(
    'There is no PostgreSQL of the distribution for the tests. Install it (Debian: apt-get install postgresql; ' +
      `macOS: brew install postgresql) such that pg_config is in the PATH or its programs in ${debianRoot}. ${reason}`,
  );
}

/** Debian keeps the programs of each major version apart, and out of the PATH: `/usr/lib/postgresql/15/bin`. */
const debianRoot = '/usr/lib/postgresql';

async function findInstalled(user: UnixUser | undefined): Promise<PostgresBinaries | undefined> {
  const versions = (await readdir(debianRoot).catch(() => [])).toSorted(
    (a, b) => Number(b) - Number(a),
  );
  const directories = versions.map(version => join(debianRoot, version, 'bin'));
  if ((await which('pg_config')) !== undefined) {
    directories.push((await run('pg_config', ['--bindir'])).stdout.trim());
  }
  for (const directory of directories) {
    const [initdb, postgres] = [join(directory, 'initdb'), join(directory, 'postgres')];
    if ((await canReach(user, initdb)) && (await canReach(user, postgres))) {
      return { initdb, postgres, major: await majorOf(postgres), locale: systemLocale };
    }
  }
  return undefined;
}

/** `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`. */
async function majorOf(postgres: string): Promise<string> {
  const { stdout } = await run(postgres, ['--version']);
  return /PostgreSQL\) (\d+)/.exec(stdout)?.[1] ?? '';
}
