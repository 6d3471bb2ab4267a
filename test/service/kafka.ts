/**
 * A real Kafka, one node that is broker and controller: the first to be had of the one HOOKLINE_TEST_KAFKA_BROKERS
 * names, one in a container, and one of programs installed here or fetched by Maven.
 *
 * Source: kafka.apache.org 4.1, "Broker Configs", "KRaft", "Security"; `kafka.tools.StorageTool`, `kafka.Kafka`.
 */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { Kafka as KafkaClient, logLevel } from 'kafkajs';

import { type GuardedProcess, spawnGuarded } from '../../src/postgres/guarded-process.ts';
import { makeCertificate, type Certificate } from './certificate.ts';
import { findEngine, runContainer } from './container.ts';
import { type KafkaLayout, kafkaProperties } from './kafka-properties.ts';
import { findKafkaPrograms, isKafkaVersionWanted, type KafkaPrograms } from './kafka-programs.ts';
import {
  foreignService,
  inNewDirectory,
  reservePort,
  type Service,
  startService,
} from './service.ts';

export interface Kafka extends Service {
  /** Without encryption and log-in: `127.0.0.1:port`. Topics are not created by being used. */
  readonly brokers: readonly string[];
  /** With the option `sasl`: brokers that ask for log-in, by PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512. */
  readonly sasl?: KafkaSasl;
  /** With the option `tls`: brokers that speak TLS, and the authority (PEM) that vouches for them. */
  readonly tls?: { readonly brokers: readonly string[]; readonly certificate: Certificate };
  /** Made when this resolves. `config` as in Kafka's topic configuration: `{ 'compression.type': 'zstd' }`. */
  createTopic(
    name: string,
    partitions?: number,
    config?: Readonly<Record<string, string>>,
  ): Promise<void>;
}

export interface KafkaSasl {
  readonly brokers: readonly string[];
  readonly username: string;
  readonly password: string;
}

export interface KafkaOptions {
  readonly sasl?: boolean;
  readonly tls?: boolean;
  /**
   * Who logs in may do nothing until told, who does not may do everything; and topics are created by being used. With
   * `sasl`.
   */
  readonly restricted?: boolean;
  /** One that can be stopped and started: the brokers of the environment will not do. */
  readonly own?: boolean;
}

const image = 'apache/kafka:4.1.1';
const username = 'hookline';
const readyDeadlineMs = 60_000;

/** @throws Error saying what to install where there is none to be had. */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const given = process.env['HOOKLINE_TEST_KAFKA_BROKERS'] ?? '';
  if (given !== '' && !(options.sasl ?? options.tls ?? options.restricted ?? options.own)) {
    const brokers = given.split(',');
    return {
      brokers,
      createTopic: topicCreator(brokers),
      ...foreignService('the Kafka of HOOKLINE_TEST_KAFKA_BROKERS'),
    };
  }
  const engine = isKafkaVersionWanted ? undefined : await findEngine(image);
  const programs = engine === undefined ? await findKafkaPrograms() : undefined;
  return inNewDirectory('kafka', undefined, async home => {
    const layout: KafkaLayout = {
      home,
      host: programs ? '127.0.0.1' : '0.0.0.0',
      ports: {
        plain: await reservePort(),
        controller: await reservePort(),
        sasl: await reservePort(),
        tls: await reservePort(),
      },
      ...(options.sasl === true ? { login: { username, password: password() } } : {}),
      isRestricted: options.restricted === true,
      ...(options.tls === true ? { certificate: await makeCertificate({ isIssued: true }) } : {}),
    };
    await writeFiles(layout);
    return programs
      ? startIn(layout, () => spawnJava(programs, layout))
      : startIn(layout, () => spawnContainer(engine ?? 'docker', layout));
  });
}

async function startIn(layout: KafkaLayout, spawn: () => GuardedProcess): Promise<Kafka> {
  const { ports, login, certificate } = layout;
  const brokers = [`127.0.0.1:${ports.plain}`];
  const launch = async (): Promise<GuardedProcess> => {
    const broker = spawn();
    await untilReady(broker, brokers);
    return broker;
  };
  return {
    ...(await startService({ launch, signal: 'SIGTERM' })),
    brokers,
    createTopic: topicCreator(brokers),
    ...(login ? { sasl: { brokers: [`127.0.0.1:${ports.sasl}`], ...login } } : {}),
    ...(certificate ? { tls: { brokers: [`127.0.0.1:${ports.tls}`], certificate } } : {}),
  };
}

async function untilReady(broker: GuardedProcess, brokers: string[]): Promise<void> {
  const deadline = Date.now() + readyDeadlineMs;
  let ended: string | undefined;
  void broker.exited.then(how => (ended = how));
  while (!(await answers(brokers))) {
    if (ended !== undefined || Date.now() > deadline) {
      await broker.stop({ signal: 'SIGKILL', deadlineMs: 1_000 });
      throw new Error(`Kafka did not start (${ended ?? 'too slow'}):\n${broker.lastOutput()}`);
    }
    await wait(50);
  }
}

/** A broker takes connections before it serves; it says so by listing itself. */
async function answers(brokers: string[]): Promise<boolean> {
  const admin = clientOf(brokers).admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.length > 0;
  } catch {
    return false;
  } finally {
    await admin.disconnect();
  }
}

function topicCreator(brokers: string[]): Kafka['createTopic'] {
  return async (topic, partitions = 1, config = {}) => {
    const admin = clientOf(brokers).admin();
    await admin.connect();
    try {
      const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
      await admin.createTopics({
        waitForLeaders: true,
        topics: [{ topic, numPartitions: partitions, replicationFactor: 1, configEntries }],
      });
    } finally {
      await admin.disconnect();
    }
  };
}

function clientOf(brokers: string[]): KafkaClient {
  return new KafkaClient({
    brokers,
    clientId: 'hookline-test',
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    retry: { retries: 0 },
  });
}

async function writeFiles(layout: KafkaLayout): Promise<void> {
  const { home, certificate } = layout;
  await writeFile(join(home, 'server.properties'), kafkaProperties(layout));
  if (certificate) {
    await writeFile(join(home, 'server.pem'), `${certificate.key}${certificate.cert}`);
  }
}

/** The format tool leaves a formatted directory as it is, so a start again is the same command. */
function formatArguments({ home, login }: KafkaLayout): string[] {
  const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap(mechanism =>
    login
      ? ['--add-scram', `${mechanism}=[name=${login.username},password=${login.password}]`]
      : [],
  );
  const config = ['-c', join(home, 'server.properties')];
  return ['format', '--ignore-formatted', '-t', 'aG9va2xpbmUtdGVzdC0xMQ', ...config, ...scram];
}

/** Java keeps what it unpacks and publishes about itself out of the common temporary directory. */
const javaScript = `
java=$1; classes=$2; home=$3; shift 3
mkdir -p "$home/tmp"
export JDK_JAVA_OPTIONS="-Djava.io.tmpdir=$home/tmp -XX:-UsePerfData -XX:+UseSerialGC"
"$java" -XX:TieredStopAtLevel=1 -cp "$classes" kafka.tools.StorageTool "$@" || exit
exec "$java" -Xmx512m -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "$classes" \\
  kafka.Kafka "$home/server.properties"
`;

function spawnJava({ java, classPath }: KafkaPrograms, layout: KafkaLayout): GuardedProcess {
  const args = [java, classPath, layout.home, ...formatArguments(layout)];
  return spawnGuarded('sh', ['-c', javaScript, 'sh', ...args], {
    deathSignal: 'KILL',
    directory: layout.home,
  });
}

function spawnContainer(engine: string, layout: KafkaLayout): GuardedProcess {
  const { home, ports, login, certificate } = layout;
  const format = formatArguments(layout)
    .map(word => `'${word}'`)
    .join(' ');
  return runContainer({
    engine,
    image,
    directory: home,
    ports: [ports.plain, ...(login ? [ports.sasl] : []), ...(certificate ? [ports.tls] : [])],
    script: [
      `export LOG_DIR=${home}/log KAFKA_HEAP_OPTS=-Xmx512m`,
      'cd /opt/kafka/bin',
      `./kafka-storage.sh ${format}`,
      `exec ./kafka-server-start.sh ${home}/server.properties`,
    ].join(' && '),
  });
}

function password(): string {
  return randomBytes(12).toString('hex');
}
