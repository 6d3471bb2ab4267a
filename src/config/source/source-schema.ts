/**
 * The keys of one source. The same keys make the sections `amqp` and `kafka`, where each has an environment
 * variable, and the items of the list `sources`, where none has.
 */
import { formatKeys } from './format-schema.ts';
import type { RawFormat, Variables } from './format-schema.ts';
import type { RawTls } from '../value/tls.ts';
import type { Keys } from '../value/value-kind.ts';
import { queueTypes, saslMechanisms } from '../words.ts';
import type { QueueType, SaslMechanism } from '../words.ts';

export interface RawRabbitmq extends RawFormat {
  url: string | null;
  exchange: string[];
  bindings: string[];
  queue: string;
  queueType: QueueType;
  prefetch: number;
  tls: RawTls;
}

export interface RawKafka extends RawFormat {
  brokers: string[] | null;
  topics: string[];
  group: string;
  fromBeginning: boolean;
  sessionTimeoutMs: number;
  sasl: { mechanism: SaslMechanism | null; username: string | null; password: string | null };
  tls: RawTls & { enabled: boolean };
}

/** @param prefix of the environment variables, such as `HOOKLINE_AMQP`; absent for an item of a list. */
export function rabbitmqKeys(prefix?: string): Keys<RawRabbitmq> {
  const env = variables(prefix);
  return {
    url: {
      doc: 'Broker, user and virtual host: `amqp://user:password@host:5672/vhost`, or `amqps:` for TLS. Setting it makes the source.',
      format: 'amqpUrl',
      default: null,
      nullable: true,
      ...env('URL'),
    },
    exchange: {
      doc: 'Exchanges to bind to. They are checked, never declared.',
      format: 'list',
      default: ['cloudstack-events'],
      ...env('EXCHANGE'),
    },
    bindings: {
      doc: 'Routing keys, in which * stands for one word and # for any number.',
      format: 'list',
      default: ['#'],
      ...env('BINDINGS'),
    },
    queue: {
      doc: "Hookline's own durable queue; declared when it is missing.",
      format: 'text',
      default: 'hookline',
      ...env('QUEUE'),
    },
    queueType: {
      doc: 'Type of that queue when it is declared.',
      format: 'word',
      words: queueTypes,
      default: 'quorum',
      ...env('QUEUE_TYPE'),
    },
    ...formatKeys(env),
    prefetch: {
      doc: 'Messages the broker hands over before the first of them is settled.',
      unit: 'messages',
      format: 'whole',
      min: 1,
      max: 65_535,
      default: 2_000,
      ...env('PREFETCH'),
    },
    tls: tlsKeys(env),
  };
}

/** @param prefix of the environment variables, such as `HOOKLINE_KAFKA`; absent for an item of a list. */
export function kafkaKeys(prefix?: string): Keys<RawKafka> {
  const env = variables(prefix);
  return {
    brokers: {
      doc: 'Brokers to start from, `host:port` each. Setting it makes the source.',
      format: 'list',
      default: null,
      nullable: true,
      ...env('BROKERS'),
    },
    topics: {
      doc: 'Topics; one between slashes is a pattern, such as `/^cloud-.*/`.',
      format: 'list',
      default: ['cloudstack'],
      ...env('TOPICS'),
    },
    group: {
      doc: 'Consumer group, shared by all replicas.',
      format: 'text',
      default: 'hookline',
      ...env('GROUP'),
    },
    ...formatKeys(env),
    fromBeginning: {
      doc: 'Where a group that has no position yet starts: at the oldest record, or with false at the newest.',
      format: 'flag',
      default: true,
      ...env('FROM_BEGINNING'),
    },
    sessionTimeoutMs: {
      doc: "Silence after which the group gives this process's partitions to the others; after a crash they stand still for as long. The brokers must allow it; theirs is at least 6 s unless configured.",
      unit: 'ms',
      format: 'whole',
      min: 1_000,
      max: 1_800_000,
      default: 30_000,
      ...env('SESSION_TIMEOUT_MS'),
    },
    sasl: saslKeys(env),
    tls: {
      enabled: {
        doc: 'Speak TLS to the brokers. Setting another key of tls says so too.',
        format: 'flag',
        default: false,
        ...env('TLS_ENABLED'),
      },
      ...tlsKeys(env),
    },
  };
}

const variables =
  (prefix?: string): Variables =>
  name =>
    prefix === undefined ? {} : { env: `${prefix}_${name}` };

const saslKeys = (env: Variables): Keys<RawKafka['sasl']> => ({
  mechanism: {
    doc: 'How to log in to the brokers. Without it, no login.',
    format: 'word',
    words: saslMechanisms,
    default: null,
    nullable: true,
    ...env('SASL_MECHANISM'),
  },
  username: {
    doc: 'User of the login.',
    format: 'text',
    default: null,
    nullable: true,
    ...env('SASL_USERNAME'),
  },
  password: {
    doc: 'Password of the login.',
    format: 'text',
    default: null,
    nullable: true,
    sensitive: true,
    ...env('SASL_PASSWORD'),
  },
});

const tlsKeys = (env: Variables): Keys<RawTls> => ({
  caFile: {
    doc: "PEM file of the authorities to trust instead of the system's.",
    format: 'text',
    default: null,
    nullable: true,
    ...env('TLS_CA_FILE'),
  },
  certFile: {
    doc: 'PEM file of the client certificate; goes with keyFile.',
    format: 'text',
    default: null,
    nullable: true,
    ...env('TLS_CERT_FILE'),
  },
  keyFile: {
    doc: "PEM file of the client certificate's key.",
    format: 'text',
    default: null,
    nullable: true,
    ...env('TLS_KEY_FILE'),
  },
  serverName: {
    doc: "Name the broker's certificate must carry, where it is not the host connected to.",
    format: 'text',
    default: null,
    nullable: true,
    ...env('TLS_SERVER_NAME'),
  },
  verify: {
    doc: "Check the broker's certificate.",
    format: 'flag',
    default: true,
    ...env('TLS_VERIFY'),
  },
});
