/** A Kafka source: the keys of the section `kafka` and of an item of `sources`, and what they build. */
import { refuse } from '../load/problem.ts';
import type { Report } from '../load/problem.ts';
import type { Section, ValueOf } from '../value/key.ts';
import { formatKeys } from './format-keys.ts';
import type { SourceDeps } from './deps.ts';
import { readTls, tlsKeys } from './tls.ts';
import type { TlsConfig } from './tls.ts';

const saslKeys = {
  mechanism: {
    doc: 'SASL mechanism for logging in to the brokers. If unset, there is no login.',
    kind: 'word',
    words: ['plain', 'scram-sha-256', 'scram-sha-512'],
    optional: true,
  },
  username: {
    doc: 'User name for the login.',
    kind: 'text',
    optional: true,
  },
  password: {
    doc: 'Password for the login.',
    kind: 'text',
    optional: true,
    sensitive: true,
  },
} as const satisfies Section;

export const kafkaKeys = {
  brokers: {
    doc: 'Bootstrap brokers, each as `host:port`. Required for the source to exist.',
    kind: 'list',
    optional: true,
  },
  topics: {
    doc: 'Topics to read; one between slashes is a regular expression, such as `/^cloud-.*/`.',
    kind: 'list',
    default: ['cloudstack'],
  },
  group: {
    doc: 'Consumer group, shared by all Hookline processes.',
    kind: 'text',
    default: 'hookline',
  },
  ...formatKeys,
  fromBeginning: {
    doc: 'Where to start reading a topic of which neither the database nor the consumer group has a position: at the oldest record or, if false, behind the newest.',
    kind: 'flag',
    default: true,
  },
  sessionTimeoutMs: {
    doc: 'Session timeout of the consumer group: after a crash, the partitions of the process are idle for this long before others take them over. The brokers must allow the value; their default minimum is 6 s.',
    unit: 'ms',
    kind: 'whole',
    min: 1_000,
    max: 1_800_000,
    default: 30_000,
  },
  sasl: saslKeys,
  tls: {
    enabled: {
      doc: 'Whether to connect by TLS. Setting any other key of tls enables it, too.',
      kind: 'flag',
      default: false,
    },
    ...tlsKeys,
  },
} as const satisfies Section;

export type KafkaValues = ValueOf<typeof kafkaKeys>;
type SaslValues = ValueOf<typeof saslKeys>;

export interface KafkaConfig extends Omit<KafkaValues, 'brokers' | 'group' | 'sasl' | 'tls'> {
  readonly kind: 'kafka';
  readonly name: string;
  readonly brokers: readonly string[];
  readonly groupId: string;
  readonly sasl?: { readonly [P in keyof SaslValues]: NonNullable<SaslValues[P]> };
  /** TLS options; absent: plain text. */
  readonly tls?: TlsConfig;
}

/** @returns undefined when a problem was reported. */
export function buildKafka(
  { brokers, group, sasl, tls, ...rest }: KafkaValues,
  { name, path, cwd, report }: SourceDeps,
): KafkaConfig | undefined {
  if (brokers === undefined) {
    refuse(report, `${path}.brokers`, 'null: expected host:port');
    return undefined;
  }
  for (const broker of brokers) {
    if (/^.+:\d{1,5}$/.test(broker)) continue;
    refuse(report, `${path}.brokers`, `${JSON.stringify(broker)}: expected host:port`);
  }
  refuseBadPatterns(rest.topics, `${path}.topics`, report);
  return {
    kind: 'kafka',
    name,
    brokers,
    groupId: group,
    ...rest,
    sasl: readSasl(sasl, `${path}.sasl`, report),
    tls:
      readTls(tls, `${path}.tls`, cwd, report) ??
      (tls.enabled ? { rejectUnauthorized: true } : undefined),
  };
}

/** Refuses topics between slashes that are no regular expression. */
function refuseBadPatterns(topics: readonly string[], path: string, report: Report): void {
  for (const topic of topics) {
    const [, source, flags] = /^\/(.+)\/([a-z]*)$/s.exec(topic) ?? [];
    if (source === undefined || isPattern(source, flags)) continue;
    refuse(report, path, `${JSON.stringify(topic)}: expected a regular expression between slashes`);
  }
}

function isPattern(source: string, flags: string | undefined): boolean {
  try {
    return new RegExp(source, flags).source !== '';
  } catch {
    return false;
  }
}

function readSasl(values: SaslValues, path: string, report: Report): KafkaConfig['sasl'] {
  const { mechanism, username, password } = values;
  if (mechanism === undefined && username === undefined && password === undefined) return undefined;
  if (mechanism !== undefined && username !== undefined && password !== undefined)
    return { mechanism, username, password };
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) continue;
    refuse(report, `${path}.${name}`, 'null: expected mechanism, username and password together');
  }
  return undefined;
}
