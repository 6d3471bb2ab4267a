/** A Kafka source: the keys of the section `kafka` and of an item of `sources`, and what they make. */
import { refuse } from '../load/problem.ts';
import type { Report } from '../load/problem.ts';
import type { Section, ValueOf } from '../value/key.ts';
import { formatKeys } from './format-keys.ts';
import type { SourceDeps } from './deps.ts';
import { readTls, tlsKeys } from './tls.ts';
import type { TlsConfig } from './tls.ts';

const saslKeys = {
  mechanism: {
    doc: 'How to log in to the brokers. Without it, no login.',
    kind: 'word',
    words: ['plain', 'scram-sha-256', 'scram-sha-512'],
    optional: true,
  },
  username: {
    doc: 'User of the login.',
    kind: 'text',
    optional: true,
  },
  password: {
    doc: 'Password of the login.',
    kind: 'text',
    optional: true,
    sensitive: true,
  },
} as const satisfies Section;

export const kafkaKeys = {
  brokers: {
    doc: 'Brokers to start from, `host:port` each. Setting it makes the source.',
    kind: 'list',
    optional: true,
  },
  topics: {
    doc: 'Topics; one between slashes is a pattern, such as `/^cloud-.*/`.',
    kind: 'list',
    default: ['cloudstack'],
  },
  group: {
    doc: 'Consumer group, shared by all replicas.',
    kind: 'text',
    default: 'hookline',
  },
  ...formatKeys,
  fromBeginning: {
    doc: 'Where a group that has no position yet starts: at the oldest record, or with false at the newest.',
    kind: 'flag',
    default: true,
  },
  sessionTimeoutMs: {
    doc: "Silence after which the group gives this process's partitions to the others; after a crash they stand still for as long. The brokers must allow it; theirs is at least 6 s unless configured.",
    unit: 'ms',
    kind: 'whole',
    min: 1_000,
    max: 1_800_000,
    default: 30_000,
  },
  sasl: saslKeys,
  tls: {
    enabled: {
      doc: 'Speak TLS to the brokers. Setting another key of tls says so too.',
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
  /** Absent: plain text. */
  readonly tls?: TlsConfig;
}

/** Undefined when a problem was reported. */
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

/** A topic between slashes is a pattern. */
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
