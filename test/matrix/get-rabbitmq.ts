/**
 * RabbitMQ of other suites of Debian than the machine's: their packages, unpacked into a folder with the Erlang, the
 * libraries and the shell of that suite. Nothing is installed, and apt's own state stays as it is.
 *
 * Source: apt-get(8), apt-patterns(7), sources.list(5).
 */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { getWhole } from './get-whole.ts';

const run = promisify(execFile);
const sources = '/etc/apt/sources.list.d/debian.sources';
const outputMax = 64 * 1024 * 1024;

export interface Rabbitmq {
  /** For HOOKLINE_TEST_RABBITMQ_ROOT. */
  readonly root: string;
  /** `4.3.6`. */
  readonly exact: string;
}

/** @throws Error saying what this machine lacks. */
export async function getRabbitmq(suite: string): Promise<Rabbitmq> {
  if (process.getuid?.() !== 0) throw new Error('only root can run programs of an unpacked suite');
  const root = await getWhole(`rabbitmq-${suite}`, async draft => {
    const packages = join(draft, 'packages');
    const archives = await download(suite, packages);
    // What links /bin to /usr/bin comes first.
    const order = archives.toSorted((a, b) => Number(isBase(b)) - Number(isBase(a)));
    for (const archive of order) {
      await run('dpkg-deb', ['-x', join(packages, 'archives', archive), draft]);
    }
    await rm(packages, { recursive: true });
    await writeFile(join(draft, 'etc/hosts'), '127.0.0.1 localhost\n');
  });
  return { root, exact: await versionIn(root) };
}

async function versionIn(root: string): Promise<string> {
  const names = await readdir(join(root, 'usr/lib/rabbitmq/lib'));
  const [, exact] = names.map(name => /^rabbitmq_server-(.+)$/.exec(name)).find(Boolean) ?? [];
  if (exact === undefined) throw new Error('the packages hold no rabbitmq_server');
  return exact;
}

const isBase = (archive: string): boolean => archive.startsWith('base-files_');

/** Downloads RabbitMQ and all it needs, as for a machine on which nothing is installed. @returns the files' names. */
async function download(suite: string, folder: string): Promise<readonly string[]> {
  for (const name of ['lists/partial', 'archives/partial']) {
    await mkdir(join(folder, name), { recursive: true });
  }
  await writeFile(join(folder, 'suite.sources'), await sourcesOf(suite));
  const settings = [
    `Dir::Etc::sourcelist=${join(folder, 'suite.sources')}`,
    'Dir::Etc::sourceparts=-',
    'Dir::Etc::preferencesparts=-',
    `Dir::State::lists=${join(folder, 'lists')}`,
    'Dir::State::status=/dev/null',
    `Dir::Cache=${folder}`,
    'APT::Sandbox::User=root',
  ];
  const apt = async (...args: readonly string[]): Promise<unknown> =>
    run('apt-get', ['-q', '-y', ...settings.flatMap(one => ['-o', one]), ...args], {
      maxBuffer: outputMax,
    });
  await apt('update');
  const wanted = ['?essential', 'rabbitmq-server'];
  await apt('--no-install-recommends', '--download-only', 'install', ...wanted);
  const files = await readdir(join(folder, 'archives'));
  return files.filter(name => name.endsWith('.deb'));
}

/** The machine's own sources of Debian, with another suite: so they come from wherever the machine gets its packages. */
async function sourcesOf(suite: string): Promise<string> {
  const stanzas = (await readFile(sources, 'utf8')).split(/\n\s*\n/);
  const main = stanzas.find(one => /^Suites:.*-updates/m.test(one));
  if (main === undefined) throw new Error(`${sources} names no Debian archive`);
  return `${main.replace(/^Suites:.*$/m, `Suites: ${suite}`)}\n`;
}
