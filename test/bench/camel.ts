/** The peer: a small Apache Camel route, where Java and Maven are there. See `camel/Relay.java` for what it does and does not do. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import { assertComplete, lastOf, monotonicMs } from './arrivals.ts';
import { type BusName, publishEvents } from './bus.ts';
import { cpuMsOf, peakMemoryMbOf } from './proc.ts';
import { accountsOf, secret } from './event.ts';
import { deadlineMs, type Lab, warmUpCount } from './lab.ts';
import type { Figures } from './report.ts';
import { inFlight } from './throughput.ts';

/** The peer's classes: `java -cp` takes it. */
export interface Camel {
  readonly classPath: string;
}

const run = promisify(execFile);
const home = resolve(import.meta.dirname, 'camel');
const libraries = resolve(import.meta.dirname, '../../.cache/camel');
const copyGoal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

/** @returns why there is no peer, where there is none. */
export async function findCamel(): Promise<Camel | string> {
  if (!(await succeeds('javac', ['-version']))) return 'there is no JDK here';
  const classPath = `${libraries}/*`;
  if (
    await access(libraries).then(
      () => true,
      () => false,
    )
  )
    return { classPath };
  if (!(await succeeds('mvn', ['-version']))) return 'there is no Maven here';
  process.stderr.write('Fetching Apache Camel by Maven…\n');
  const goal = [copyGoal, `-DoutputDirectory=${libraries}`, '-DincludeScope=runtime'];
  const fetching = ['-q', '-B', '-f', `${home}/pom.xml`, ...goal];
  if (await succeeds('mvn', fetching)) return { classPath };
  await rm(libraries, { recursive: true, force: true });
  return 'Maven could not fetch it';
}

async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  return run(command, [...args], { maxBuffer: 16 * 1024 * 1024 }).then(
    () => true,
    () => false,
  );
}

/** Measured like Hookline: warm, stopped while the events are published, timed from the word to start. */
export async function measureCamel(
  lab: Lab,
  { classPath }: Camel,
  { bus: busName, count }: { bus: BusName; count: number },
): Promise<Figures> {
  const bus = await lab.bus(busName);
  camelCount += 1;
  await using line = await bus.openLine(`camel-${camelCount}`);
  const target = `${lab.origin}/0`;
  const address = [bus.address, line.name, target, secret, String(inFlight)];
  await using relay = await startRelay(['-cp', classPath, `${home}/Relay.java`, ...address]);
  const load = async (size: number): Promise<void> => {
    await lab.receiver.call('begin', { count: size });
    await publishEvents(line, size, accountsOf(1));
  };
  const untilArrived = async (size: number): Promise<number> => {
    await lab.receiver.call('wait', { arrivals: size, deadlineMs });
    const arrivals = await lab.receiver.call('report', undefined);
    assertComplete(arrivals, size);
    return lastOf(arrivals.atMs);
  };
  await load(warmUpCount);
  await untilArrived(warmUpCount);
  await relay.tell('stop');
  await load(count);
  const cpuMs = cpuMsOf(relay.pid);
  const startedAt = monotonicMs();
  await relay.tell('start');
  const seconds = ((await untilArrived(count)) - startedAt) / 1_000;
  const name = `Apache Camel, ${busName}`;
  return {
    [`${name}: deliveries/s`]: count / seconds,
    [`${name}: process CPU, µs/delivery`]: ((cpuMsOf(relay.pid) - cpuMs) * 1_000) / count,
    [`${name}: peak memory, MB`]: peakMemoryMbOf(relay.pid),
  };
}

let camelCount = 0;

interface Relay extends AsyncDisposable {
  readonly pid: number;
  /** Resolves when it was done. */
  tell(word: 'start' | 'stop'): Promise<void>;
}

async function startRelay(args: readonly string[]): Promise<Relay> {
  const java = spawn('java', ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(java, 'exit');
  const lines = createInterface({ input: java.stdout })[Symbol.asyncIterator]();
  const hear = async (word: string): Promise<void> => {
    const { value } = await lines.next();
    if (value !== word) throw new Error(`Apache Camel said ${String(value)}, not ${word}`);
  };
  await hear('ready');
  return {
    pid: java.pid ?? -1,
    async tell(word) {
      java.stdin.write(`${word}\n`);
      await hear('done');
    },
    async [Symbol.asyncDispose]() {
      // The end of its standard input is what ends it, also when we are killed.
      java.stdin.end();
      await exited;
    },
  };
}
