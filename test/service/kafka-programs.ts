/** Finds Kafka's classes and a Java to run them, or gets the classes by Maven. */
import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

export interface KafkaPrograms {
  readonly java: string;
  readonly classPath: string;
}

const run = promisify(execFile);

/** Another one is asked for by name: see `test/matrix`. */
const wantedVersion = process.env['HOOKLINE_TEST_KAFKA_VERSION'] ?? '';
const version = wantedVersion === '' ? '4.1.1' : wantedVersion;
const javaMin = 17;
const cache = resolve(import.meta.dirname, '../../.cache');

/** Kafka itself, and a logger, without which it keeps even fatal errors to itself. */
const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>hookline.test</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>${version}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
`;
const copyGoal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

/** Whether only that of HOOKLINE_TEST_KAFKA_VERSION will do. */
export const isKafkaVersionWanted = wantedVersion !== '';

/** @throws Error saying what to install. */
export async function findKafkaPrograms(): Promise<KafkaPrograms> {
  const java = await findJava();
  if (java === undefined) throw missing(`There is no Java ${javaMin} or newer here.`);
  const installed = isKafkaVersionWanted ? undefined : await findInstalled();
  if (installed !== undefined) return { java, classPath: join(installed, '*') };
  return { java, classPath: join(await getByMaven(), '*') };
}

function missing(reason: string, cause?: unknown): Error {
  return new Error(
    'There is no Kafka for the tests. Set HOOKLINE_TEST_KAFKA_BROKERS to one, start docker or podman, or install ' +
      `Java ${javaMin} or newer and Maven (Debian: apt-get install default-jre-headless maven). ${reason}`,
    { cause },
  );
}

async function findJava(): Promise<string | undefined> {
  const home = process.env['JAVA_HOME'];
  for (const java of [...(home === undefined ? [] : [join(home, 'bin/java')]), 'java']) {
    // Java tells its version on the standard error.
    const { stderr } = await run(java, ['-version']).catch(() => ({ stderr: '' }));
    const major = Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0);
    if (major >= javaMin) return java;
  }
  return undefined;
}

/** The folder of an installed Kafka's classes: of KAFKA_HOME, or beside the `kafka-server-start` on the path. */
async function findInstalled(): Promise<string | undefined> {
  const script =
    'p=$(command -v kafka-server-start.sh || command -v kafka-server-start) && readlink -f "$p"';
  const { stdout } = await run('sh', ['-c', script]).catch(() => ({ stdout: '' }));
  const homes = [
    process.env['KAFKA_HOME'] ?? '',
    stdout.trim() === '' ? '' : resolve(dirname(stdout.trim()), '..'),
  ];
  for (const home of homes.filter(name => name !== '')) {
    for (const libs of [join(home, 'libs'), join(home, 'libexec/libs')]) {
      if (await exists(libs)) return libs;
    }
  }
  return undefined;
}

/** The folder is there whole or not at all, also when several runs fetch it at once. */
async function getByMaven(): Promise<string> {
  const folder = join(cache, `kafka-${version}`);
  if (await exists(folder)) return folder;
  process.stderr.write(`Fetching Kafka ${version} by Maven…\n`);
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(join(cache, 'kafka-draft-'));
  try {
    await writeFile(join(draft, 'pom.xml'), pom);
    const goal = [copyGoal, `-DoutputDirectory=${join(draft, 'libs')}`, '-DincludeScope=runtime'];
    await run('mvn', ['-q', '-B', '-f', join(draft, 'pom.xml'), ...goal], {
      maxBuffer: 16 * 1024 * 1024,
    });
    await rename(join(draft, 'libs'), folder);
  } catch (error) {
    if (!(await exists(folder))) throw missing('Maven could not fetch it.', error);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
